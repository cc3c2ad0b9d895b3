-- When each person's jobs were last given a worker: whoever it was longest ago comes first.
create table sync_turns (
  tenant_id text not null,
  user_id text not null,
  served_at timestamptz not null,
  primary key (tenant_id, user_id)
);
select cortex_wall('sync_turns', 'select, insert, update');
