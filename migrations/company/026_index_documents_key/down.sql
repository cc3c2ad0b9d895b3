drop index concurrently if exists unique_document_record;
