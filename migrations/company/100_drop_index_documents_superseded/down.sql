create index concurrently if not exists idx_documents_superseded on documents (tenant_id, source) where superseded_at is not null;
