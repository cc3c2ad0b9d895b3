drop table if exists summaries;
