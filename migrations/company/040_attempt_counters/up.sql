-- How often something was tried in the window that is open: logins, and whatever else may be tried only so often. A row
-- whose window has ended says nothing any more, and is removed by whoever counts next.
create table attempt_counters (
  tenant_id text not null,
  key text not null,
  attempts bigint not null check (attempts >= 0),
  window_ends_at timestamptz not null,
  primary key (tenant_id, key)
);
create index idx_attempt_counters_ended on attempt_counters (tenant_id, window_ends_at);
select cortex_wall('attempt_counters', 'select, insert, update, delete');
