-- How the broker fared when it last fetched from the provider: that something may be there to be read, or that it failed.
alter table connections
  add column fetched_at timestamptz,
  add column fetch_failed_at timestamptz;

-- Connections that nobody of ours uses any more and that have to go at the broker. Written in the transaction that gives
-- them up, and deleted once they are gone.
create table broker_removals (
  id bigserial primary key,
  tenant_id text not null,
  provider_key text not null,
  connection_id text not null,
  attempts integer not null default 0,
  run_after timestamptz not null default now(),
  last_error text,
  created_at timestamptz not null default now(),
  constraint unique_broker_removal unique (tenant_id, provider_key, connection_id)
);
create index idx_broker_removals_due on broker_removals (tenant_id, run_after);
select cortex_wall('broker_removals', 'select, insert, update, delete');

-- Whose turn it is to do what has to be done now and then: of all processes one at a time gets it, and none has to live
-- for the others.
create table upkeep_turns (
  tenant_id text not null,
  name text not null,
  next_at timestamptz not null,
  primary key (tenant_id, name)
);
select cortex_wall('upkeep_turns', 'select, insert, update');
