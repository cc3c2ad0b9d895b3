-- Documents of a kind by their date, the newest first; mail is listed by it.
create index concurrently if not exists idx_documents_kind_moment on documents (tenant_id, document_type, (case when source_created_at is not null then source_created_at when ingested_at is not null then ingested_at else timestamptz '1970-01-01 00:00:00+00' end) desc, id desc);
