drop trigger if exists count_gone_documents on documents;
drop trigger if exists count_changed_documents on documents;
drop trigger if exists count_new_documents on documents;
drop function if exists cortex_count_documents();
drop table if exists document_days;
