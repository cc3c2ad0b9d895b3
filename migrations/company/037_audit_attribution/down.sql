select cortex_wall('admin_audit_log', null);
drop trigger set_company on admin_audit_log;
drop function cortex_set_company_of_audit();
drop trigger append_only on admin_audit_log;
drop function cortex_refuse_change();
drop index idx_admin_audit_log_user;
drop index idx_admin_audit_log_tenant;
alter table admin_audit_log
  drop column company_id,
  drop column request_id,
  drop column user_agent,
  drop column user_id,
  drop column tenant_id;
-- The sessions of some rows are gone: the reference is checked for new rows only.
alter table admin_audit_log
  add constraint admin_audit_log_session_id_fkey foreign key (session_id) references admin_sessions (id) not valid;
