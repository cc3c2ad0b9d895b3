-- Requests that may be sent again, and the answers that they got. A row without an answer is a request in progress: whoever
-- holds the claim answers it, until the claim runs out.
create table idempotency_keys (
  tenant_id text not null,
  user_id text not null,
  route text not null,
  key text not null,
  fingerprint text not null,
  claim uuid not null,
  claimed_until timestamptz not null,
  status smallint,
  body text,
  created_at timestamptz not null default now(),
  primary key (tenant_id, user_id, route, key)
);
create index idx_idempotency_keys_age on idempotency_keys (tenant_id, created_at);
select cortex_wall('idempotency_keys', 'select, insert, update, delete');
