-- Few documents are superseded: counting them and taking them off leaves the count of all to an index alone.
create index concurrently if not exists idx_documents_superseded on documents (tenant_id, source)
  where superseded_at is not null;
