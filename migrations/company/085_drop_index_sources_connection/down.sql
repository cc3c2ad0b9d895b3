create index concurrently if not exists idx_document_sources_connection on document_sources (connection_id);
