drop trigger if exists keep_book_record_of_changed on documents;
drop trigger if exists keep_book_record_of_new on documents;
drop function if exists cortex_keep_book_record();
drop table if exists book_records;
drop function if exists cortex_day(text);
drop function if exists cortex_amount(text);
