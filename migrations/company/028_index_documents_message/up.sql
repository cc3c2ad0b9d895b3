create index concurrently if not exists idx_documents_message on documents (tenant_id, message_key)
  where message_key is not null;
