-- What a day, a week or a month was, as it was computed last.
create table summaries (
  tenant_id text not null,
  kind text not null check (kind in ('daily', 'weekly', 'monthly')),
  first_day date not null,
  -- By which formulas: what other ones made is computed anew.
  version smallint not null,
  summary jsonb not null,
  computed_at timestamptz not null,
  primary key (tenant_id, kind, first_day)
);
select cortex_wall('summaries', 'select, insert, update, delete');
