-- To whom a mail went and who got a copy. Whatever stands in the metadata gives some addresses and no error: a trigger asks.
create function cortex_mail_receivers(p_metadata jsonb) returns text[]
language sql immutable parallel safe set search_path = '' as $$
  select coalesce(array_agg(address order by address), '{}')
  from (
    select distinct left(lower(told #>> '{}'), 320) as address
    from (
      select jsonb_path_query(p_metadata, 'lax $.to_addresses[*]') as told
      union all
      select jsonb_path_query(p_metadata, 'lax $.cc_addresses[*]')
    ) told
    where jsonb_typeof(told) = 'string'
    order by address
    limit 100
  ) addresses
  where address <> ''
$$;
select cortex_wall_function('cortex_mail_receivers(jsonb)', '{cortex_app}');

-- Who wrote to whom and when, a narrow row for each mail: what is counted is counted over these and not over documents,
-- which are wide. A row is kept by whoever writes its document, in the same transaction.
create table mail_records (
  document_id bigint primary key references documents (id) on delete cascade,
  tenant_id text not null,
  sent_at timestamptz not null,
  sender text,
  sender_name text,
  receivers text[] not null,
  thread text,
  subject text not null,
  -- The version of the lexicon by which its text was looked through; 0: not since it was written.
  lexicon smallint not null default 0
);
create index idx_mail_records_sent on mail_records (tenant_id, sent_at desc, document_id desc);
create index idx_mail_records_thread on mail_records (tenant_id, thread, sent_at desc) where thread is not null;
create index idx_mail_records_lexicon on mail_records (tenant_id, lexicon, document_id);
select cortex_wall('mail_records', 'select, insert, update, delete');

create function cortex_keep_mail_record() returns trigger language plpgsql set search_path = '' as $$
declare
  v_is_read boolean := false;
begin
  if new.document_type <> 'email' or new.superseded_at is not null then
    delete from public.mail_records where document_id = new.id;
    return null;
  end if;
  if tg_op = 'UPDATE' then
    v_is_read := old.title = new.title and old.content = new.content;
  end if;
  insert into public.mail_records as kept
    (document_id, tenant_id, sent_at, sender, sender_name, receivers, thread, subject)
  values (
    new.id, new.tenant_id, coalesce(new.source_created_at, new.ingested_at, timestamptz 'epoch'),
    nullif(left(lower(new.metadata ->> 'sender_address'), 320), ''),
    left(new.metadata ->> 'sender_name', 200),
    public.cortex_mail_receivers(new.metadata),
    left(new.metadata ->> 'thread_id', 512),
    left(new.title, 300))
  on conflict (document_id) do update
  set tenant_id = excluded.tenant_id, sent_at = excluded.sent_at, sender = excluded.sender,
      sender_name = excluded.sender_name, receivers = excluded.receivers, thread = excluded.thread,
      subject = excluded.subject, lexicon = case when v_is_read then kept.lexicon else 0 end;
  return null;
end
$$;
select cortex_wall_function('cortex_keep_mail_record()');

create trigger keep_mail_record_of_new after insert on documents
  for each row when (new.document_type = 'email') execute function cortex_keep_mail_record();
create trigger keep_mail_record_of_changed
  after update of tenant_id, document_type, title, content, metadata, source_created_at, ingested_at, superseded_at
  on documents
  for each row when (new.document_type = 'email' or old.document_type = 'email')
  execute function cortex_keep_mail_record();
