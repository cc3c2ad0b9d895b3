-- The rows that the job still has to fill.
create index concurrently if not exists idx_documents_unsearchable on documents (id) where search_vector is null;
