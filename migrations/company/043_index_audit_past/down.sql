drop index concurrently if exists idx_admin_audit_log_past;
