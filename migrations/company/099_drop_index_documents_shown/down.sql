create index concurrently if not exists idx_documents_shown on documents (tenant_id, source, ingested_by_user_id) where superseded_at is null;
