-- Who brought a document in, and how. Documents from before keep null: nobody knows.
alter table documents
  add column if not exists ingested_by_user_id text,
  add column if not exists ingested_by_user_email text,
  add column if not exists ingestion_method text;

-- Checked for new rows only: rows written by hand-made programs may say anything.
alter table documents drop constraint if exists documents_ingestion_method_check;
alter table documents
  add constraint documents_ingestion_method_check
  check (ingestion_method in ('oauth_sync', 'manual_upload', 'api', 'webhook')) not valid;
