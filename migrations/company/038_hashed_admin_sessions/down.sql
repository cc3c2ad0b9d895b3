select cortex_wall('admin_sessions', null);
delete from admin_sessions;
drop index idx_admin_sessions_expiry;
alter table admin_sessions
  drop column token_hash,
  drop column tenant_id;
alter table admin_sessions add column session_token text not null unique;
