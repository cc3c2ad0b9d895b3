drop index concurrently if exists idx_audit_log_global_personal;
