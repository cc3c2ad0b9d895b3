create index concurrently if not exists idx_documents_method on documents (tenant_id, ingestion_method, id desc);
