drop trigger if exists keep_mail_record_of_changed on documents;
drop trigger if exists keep_mail_record_of_new on documents;
drop function if exists cortex_keep_mail_record();
drop table if exists mail_records;
drop function if exists cortex_mail_receivers(jsonb);
