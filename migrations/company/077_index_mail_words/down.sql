drop index concurrently if exists idx_documents_mail_words;
