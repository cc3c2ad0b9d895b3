drop table set_aside_records;
