drop trigger check_ingestion_method_of_changed on documents;
drop trigger check_ingestion_method_of_new on documents;
drop function cortex_check_ingestion_method();
alter table documents
  drop column ingestion_method,
  drop column ingested_by_user_email,
  drop column ingested_by_user_id;
