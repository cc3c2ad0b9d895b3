-- What was added last is in a list that every search reads from beginning to end: a short one.
create index concurrently if not exists idx_documents_search_marks on documents using gin (
  search_vector,
  cortex_search_marks(source_created_at, ingested_at, source, document_type, ingested_by_user_id)
) with (gin_pending_list_limit = 256);
