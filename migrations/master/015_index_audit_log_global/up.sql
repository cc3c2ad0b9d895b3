-- What happened in Master is copied to each company's own log, in this order.
create index concurrently if not exists idx_audit_log_global_copy
  on audit_log_global (company_id, coalesce(created_at, '1970-01-01 00:00:00+00'::timestamptz), id);
