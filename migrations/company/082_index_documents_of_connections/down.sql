drop index concurrently if exists idx_document_sources_of_document;
