-- The rows that the job still has to look at.
create index concurrently if not exists idx_documents_search_version on documents (tenant_id, search_version);
