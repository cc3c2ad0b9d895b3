create index concurrently if not exists idx_documents_search on documents using gin (search_vector);
