-- The connect sessions that we issued: who asked, for what, and what became of it. A connection that comes back belongs
-- to one of these, or to nobody.
create table connect_sessions (
  id uuid primary key,
  tenant_id text not null,
  user_id text not null,
  user_email text not null,
  provider_key text not null,
  purpose text not null check (purpose in ('connect', 'reconnect')),
  token_hash bytea not null,
  state text not null default 'open' check (state in ('open', 'completed', 'refused')),
  reason text,
  connection_id text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  constraint unique_connect_session_token unique (token_hash)
);
create index idx_connect_sessions_user on connect_sessions (tenant_id, user_id, provider_key, created_at desc);
create index idx_connect_sessions_age on connect_sessions (tenant_id, expires_at);
select cortex_wall('connect_sessions', 'select, insert, update, delete');
