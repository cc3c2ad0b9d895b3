create index concurrently if not exists idx_document_sources_record on document_sources (tenant_id, connection_id, source, source_account, source_id);
