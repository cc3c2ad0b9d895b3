drop index concurrently if exists idx_documents_search_marks;
