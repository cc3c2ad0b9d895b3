-- Workers that gave a sign, for people to look at.
create table workers (
  tenant_id text not null,
  name text not null,
  version text not null,
  capacity integer not null,
  started_at timestamptz not null default now(),
  last_tick_at timestamptz not null,
  primary key (tenant_id, name)
);
select cortex_wall('workers', 'select, insert, update, delete');
