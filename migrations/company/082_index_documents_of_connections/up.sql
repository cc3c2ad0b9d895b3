create index concurrently if not exists idx_document_sources_of_document on document_sources (connection_id, document_id) include (vanished_at);
