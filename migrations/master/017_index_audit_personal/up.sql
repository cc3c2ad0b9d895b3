-- The rows of which something personal is left to forget.
create index concurrently if not exists idx_audit_log_global_personal on audit_log_global (company_id, created_at)
  where ip_address is not null or user_agent is not null or details is not null;
