-- Of a document that an admin deleted while its text was still awaited the whole is not known: whatever comes as the whole
-- is what was deleted, and is remembered in its place.
alter table deleted_documents add column is_partial boolean not null default false;

create or replace function cortex_keep_deleted_away() returns trigger language plpgsql set search_path = '' as $$
declare
  v_is_known boolean;
begin
  v_is_known := exists (
    select from public.deleted_documents deleted
    where deleted.tenant_id = new.tenant_id and deleted.source = new.source
      and deleted.source_account = new.source_account and deleted.source_id = new.source_id
      and (new.content_incomplete or deleted.is_partial or deleted.content_hash is not distinct from new.content_hash)
  ) or exists (
    select from public.deleted_documents deleted
    where deleted.tenant_id = new.tenant_id and deleted.message_key = new.message_key
      and (new.content_incomplete or deleted.is_partial or deleted.content_hash is not distinct from new.content_hash)
  );
  if not v_is_known then
    return new;
  end if;
  if not new.content_incomplete then
    update public.deleted_documents deleted set content_hash = new.content_hash, is_partial = false
    where deleted.tenant_id = new.tenant_id and deleted.is_partial and deleted.source = new.source
      and deleted.source_account = new.source_account and deleted.source_id = new.source_id;
    update public.deleted_documents deleted set content_hash = new.content_hash, is_partial = false
    where deleted.tenant_id = new.tenant_id and deleted.is_partial and deleted.message_key = new.message_key;
  end if;
  return null;
end
$$;
