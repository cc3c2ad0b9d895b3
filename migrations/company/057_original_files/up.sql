-- Where the original bytes of a document are kept; they need not be in this database.
alter table documents add column blob_key uuid;

-- Original bytes in pieces, for deployments that keep them here. Most files are compressed already, so trying to do so
-- again would only cost.
create table blob_chunks (
  tenant_id text not null,
  blob_key uuid not null,
  number integer not null,
  bytes bytea not null,
  primary key (tenant_id, blob_key, number)
);
alter table blob_chunks alter column bytes set storage external;
select cortex_wall('blob_chunks', 'select, insert, delete');

-- Original bytes that are to be removed, wherever they are: those that no document took in time, and those of documents
-- that are gone. What is being removed can be taken by no document any more.
create table blob_removals (
  tenant_id text not null,
  blob_key uuid not null,
  due_at timestamptz not null,
  is_being_removed boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (tenant_id, blob_key)
);
create index idx_blob_removals_due on blob_removals (tenant_id, due_at);
select cortex_wall('blob_removals', 'select, insert, update, delete');

-- Whoever writes documents, by whichever statement: bytes that a document takes are not removed, and those that it has no
-- more are. A document that comes too late for its bytes has lost a race, and is told so.
create function cortex_follow_blob() returns trigger language plpgsql set search_path = '' as $$
begin
  if tg_op <> 'INSERT' and old.blob_key is not null then
    insert into public.blob_removals (tenant_id, blob_key, due_at) values (old.tenant_id, old.blob_key, now())
    on conflict do nothing;
  end if;
  if tg_op <> 'DELETE' and new.blob_key is not null then
    delete from public.blob_removals
    where tenant_id = new.tenant_id and blob_key = new.blob_key and not is_being_removed;
    if not found then
      raise exception 'the original bytes % are not announced, or not there any more', new.blob_key
        using errcode = 'serialization_failure';
    end if;
  end if;
  return null;
end
$$;
select cortex_wall_function('cortex_follow_blob()');

create trigger follow_blob_of_new after insert on documents
  for each row when (new.blob_key is not null) execute function cortex_follow_blob();
create trigger follow_blob_of_changed after update of blob_key on documents
  for each row when (new.blob_key is distinct from old.blob_key) execute function cortex_follow_blob();
create trigger follow_blob_of_gone after delete on documents
  for each row when (old.blob_key is not null) execute function cortex_follow_blob();
