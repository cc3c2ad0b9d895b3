-- Who brought a document in, and how. Documents from before keep null: nobody knows.
alter table documents
  add column if not exists ingested_by_user_id text,
  add column if not exists ingested_by_user_email text,
  add column if not exists ingestion_method text;

-- Checked where a method is written. A constraint, even one that is not validated, would refuse every other change of an
-- old row as well, and rows written by hand-made programs may say anything.
create function cortex_check_ingestion_method() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.ingestion_method not in ('oauth_sync', 'manual_upload', 'api', 'webhook') then
    raise exception 'unknown ingestion method %', new.ingestion_method
      using errcode = 'check_violation', hint = 'Use oauth_sync, manual_upload, api or webhook.';
  end if;
  return new;
end
$$;
select cortex_wall_function('cortex_check_ingestion_method()');

create trigger check_ingestion_method_of_new before insert on documents
  for each row execute function cortex_check_ingestion_method();
create trigger check_ingestion_method_of_changed before update of ingestion_method on documents
  for each row execute function cortex_check_ingestion_method();
