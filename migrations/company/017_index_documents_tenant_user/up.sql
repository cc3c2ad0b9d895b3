create index concurrently if not exists idx_documents_tenant_user on documents (tenant_id, ingested_by_user_id);
