-- Beside a live service: no lock that writers wait for. What 013 was run by hand has it already.
create index concurrently if not exists idx_documents_ingested_by on documents (ingested_by_user_id);
