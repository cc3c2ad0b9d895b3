-- Something that follows a connect is still to be done: Master is to be told, the account to be read, the session to end. It
-- says what the connect was.
alter table connections add column follow_up text check (follow_up in ('first', 'again'));
create index idx_connections_follow_up on connections (tenant_id) where follow_up is not null;

-- Connections that nobody of ours uses any more and that have to go at the broker. Written in the transaction that gives
-- them up. Those that are gone are remembered for a while: what is told of them late brings them back to nobody.
create table broker_removals (
  id bigserial primary key,
  tenant_id text not null,
  provider_key text not null,
  connection_id text not null,
  attempts integer not null default 0,
  run_after timestamptz not null default now(),
  last_error text,
  removed_at timestamptz,
  created_at timestamptz not null default now(),
  constraint unique_broker_removal unique (tenant_id, provider_key, connection_id)
);
create index idx_broker_removals_due on broker_removals (tenant_id, run_after) where removed_at is null;
create index idx_broker_removals_gone on broker_removals (tenant_id, removed_at) where removed_at is not null;
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
