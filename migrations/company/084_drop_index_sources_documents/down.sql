create index concurrently if not exists idx_document_sources_documents on document_sources (tenant_id, connection_id, document_id) include (vanished_at);
