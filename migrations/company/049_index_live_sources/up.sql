create index concurrently if not exists idx_document_sources_live on document_sources (tenant_id, connection_id) where vanished_at is null;
