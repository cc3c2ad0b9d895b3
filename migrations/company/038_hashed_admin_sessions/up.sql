-- Sessions were kept with the token that opens them. They end here, and from now on only a token's hash is kept.
delete from admin_sessions;
alter table admin_sessions drop column session_token;
alter table admin_sessions
  add column tenant_id text not null,
  add column token_hash bytea not null,
  add constraint unique_admin_session_token unique (token_hash);
create index idx_admin_sessions_expiry on admin_sessions (tenant_id, expires_at);

select cortex_wall('admin_sessions', 'select, insert, update, delete');
