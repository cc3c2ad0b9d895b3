-- The rows of which something personal is left to forget.
create index concurrently if not exists idx_admin_audit_log_personal on admin_audit_log (tenant_id, created_at) where salt is not null;
