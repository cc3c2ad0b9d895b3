create unique index concurrently if not exists unique_document_record
  on documents (tenant_id, source, source_account, source_id);
