drop index concurrently if exists idx_documents_superseded;
