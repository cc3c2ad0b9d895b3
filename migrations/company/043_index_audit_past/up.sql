-- Whoever checks the log reads the rows from before the seals by their ids.
create index concurrently if not exists idx_admin_audit_log_past on admin_audit_log (tenant_id, id) where predates_seals;
