drop table if exists mail_signals;
