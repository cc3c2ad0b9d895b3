drop trigger follow_blob_of_gone on documents;
drop trigger follow_blob_of_changed on documents;
drop trigger follow_blob_of_new on documents;
drop function cortex_follow_blob();
drop table blob_removals;
drop table blob_chunks;
alter table documents drop column blob_key;
