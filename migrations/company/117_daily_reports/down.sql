-- They are made of documents, and can be made again.
drop table cortex_daily_reports;
