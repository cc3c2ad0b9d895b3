create index concurrently if not exists idx_documents_new on documents (tenant_id, ingested_at) where superseded_at is null;
