drop index concurrently if exists idx_book_records_due;
