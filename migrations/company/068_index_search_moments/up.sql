-- The newest documents. The columns of the expression are there so that the index alone answers.
create index concurrently if not exists idx_documents_search_moments
  on documents (tenant_id, (coalesce(source_created_at, ingested_at)) desc nulls last)
  include (source_created_at, ingested_at);
