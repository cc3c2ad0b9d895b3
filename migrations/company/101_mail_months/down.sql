drop trigger if exists mark_months_of_gone_mails on documents;
drop trigger if exists mark_months_of_changed_mails on documents;
drop trigger if exists mark_months_of_new_mails on documents;
drop function if exists cortex_mark_mail_months();
drop function if exists cortex_may_be_kept(date);
drop function if exists cortex_month_of(timestamptz, timestamptz);
drop table if exists mail_month_changes;
drop table if exists mail_month_ties;
drop table if exists mail_months;
