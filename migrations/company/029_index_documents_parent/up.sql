-- A mail takes its attachments with it, and finds them by this.
create index concurrently if not exists idx_documents_parent on documents (parent_document_id)
  where parent_document_id is not null;
