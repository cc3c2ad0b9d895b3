drop index concurrently if exists idx_documents_ingested_by;
