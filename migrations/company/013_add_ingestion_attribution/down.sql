alter table documents
  drop column ingestion_method,
  drop column ingested_by_user_email,
  drop column ingested_by_user_id;
