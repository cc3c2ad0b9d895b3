create index concurrently if not exists idx_book_records_due on book_records (tenant_id, kind, due_day, document_id) where due_day is not null;
