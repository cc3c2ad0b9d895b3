do $$
begin
  if exists (select from documents where ingested_by_user_id is not null) then
    raise exception 'who brought documents in would be lost'
      using hint = 'Stay on this version, or empty ingested_by_user_id if nobody needs it any more.';
  end if;
end
$$;

drop trigger check_ingestion_method_of_changed on documents;
drop trigger check_ingestion_method_of_new on documents;
drop function cortex_check_ingestion_method();
alter table documents
  drop column ingestion_method,
  drop column ingested_by_user_email,
  drop column ingested_by_user_id;
