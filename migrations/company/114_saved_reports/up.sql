-- Reports that people keep: private to who does, unless he shares them. The database may have a table `saved_reports` already,
-- which is not ours.
create table cortex_saved_reports (
  id uuid primary key,
  tenant_id text not null,
  user_id text not null,
  title text not null,
  report_type text not null,
  description text,
  report_data jsonb not null,
  -- What is told of it in lists.
  summary text not null,
  source_widget_title text,
  source_widget_message text,
  source_alert_id text,
  source_query text,
  tags text[] not null default '{}',
  is_starred boolean not null default false,
  is_shared boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  last_viewed_at timestamptz,
  view_count bigint not null default 0
);
create index idx_saved_reports_owner on cortex_saved_reports (tenant_id, user_id, created_at desc, id desc);
create index idx_saved_reports_shared on cortex_saved_reports (tenant_id, created_at desc, id desc) where is_shared;
select cortex_wall('cortex_saved_reports', 'select, insert, update, delete');
