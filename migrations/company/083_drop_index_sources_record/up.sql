drop index concurrently if exists idx_document_sources_record;
