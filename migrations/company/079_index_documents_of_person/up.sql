-- Who brought in early and no more is not looked for among all that came later.
create index concurrently if not exists idx_documents_of_person on documents (tenant_id, ingested_by_user_id, id desc);
