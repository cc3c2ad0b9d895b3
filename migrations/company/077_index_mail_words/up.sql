create index concurrently if not exists idx_documents_mail_words on documents using gin (cortex_mail_words(title, metadata)) where document_type = 'email';
