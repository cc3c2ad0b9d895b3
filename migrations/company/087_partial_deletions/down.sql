do $$
begin
  if exists (select from deleted_documents where is_partial) then
    raise exception 'documents that were deleted before their texts were there would come back'
      using hint = 'Stay on this version, or delete the rows of deleted_documents with is_partial if they may come back.';
  end if;
end
$$;

create or replace function cortex_keep_deleted_away() returns trigger language plpgsql set search_path = '' as $$
begin
  if exists (
    select from public.deleted_documents deleted
    where deleted.tenant_id = new.tenant_id and deleted.source = new.source
      and deleted.source_account = new.source_account and deleted.source_id = new.source_id
      and (new.content_incomplete or deleted.content_hash is not distinct from new.content_hash)
  ) or exists (
    select from public.deleted_documents deleted
    where deleted.tenant_id = new.tenant_id and deleted.message_key = new.message_key
      and (new.content_incomplete or deleted.content_hash is not distinct from new.content_hash)
  ) then
    return null;
  end if;
  return new;
end
$$;
alter table deleted_documents drop column is_partial;
