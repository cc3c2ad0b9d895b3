create index concurrently if not exists idx_admin_audit_log_action on admin_audit_log (tenant_id, action, created_at desc, id);
