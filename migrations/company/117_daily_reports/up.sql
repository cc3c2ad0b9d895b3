-- What a company is told of its days: one report of a kind and day, made of documents and made anew whenever somebody wants.
-- The database may have a table `daily_reports` already, which is not ours.
create table cortex_daily_reports (
  tenant_id text not null,
  report_date date not null,
  report_type text not null,
  id uuid not null,
  generated_at timestamptz not null,
  report jsonb not null,
  primary key (tenant_id, report_date, report_type)
);
select cortex_wall('cortex_daily_reports', 'select, insert, update, delete');
