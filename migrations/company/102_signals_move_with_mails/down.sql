create or replace function cortex_keep_mail_record() returns trigger language plpgsql set search_path = '' as $$
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
