-- Webhooks as they came, verified and not yet believed: each is worked off later, and waits here until it was.
create table webhook_inbox (
  id bigserial primary key,
  tenant_id text not null,
  body bytea not null,
  body_hash bytea not null,
  request_id text,
  state text not null default 'pending' check (state in ('pending', 'done', 'ignored', 'dead')),
  attempts integer not null default 0,
  run_after timestamptz not null default now(),
  last_error text,
  received_at timestamptz not null default now(),
  ended_at timestamptz
);
-- The broker repeats itself byte for byte. An equal body that comes after the first was worked off is a new event.
create unique index unique_pending_webhook on webhook_inbox (tenant_id, body_hash) where state = 'pending';
create index idx_webhook_inbox_pending on webhook_inbox (tenant_id, run_after, id) where state = 'pending';
create index idx_webhook_inbox_ended on webhook_inbox (tenant_id, state, ended_at) where state <> 'pending';
select cortex_wall('webhook_inbox', 'select, insert, update, delete');
