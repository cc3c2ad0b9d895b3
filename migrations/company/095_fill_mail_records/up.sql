-- Of the mails that were there before, in batches of their own transactions, as the books were filled in: who writes
-- meanwhile keeps the rows of his own.
do $$
declare
  v_last bigint := 0;
  v_ids bigint[];
begin
  loop
    select array_agg(id order by id) into v_ids
    from (
      select id from documents
      where document_type = 'email' and superseded_at is null and id > v_last
      order by id limit 2000
    ) batch;
    exit when v_ids is null;
    insert into mail_records (document_id, tenant_id, sent_at, sender, sender_name, receivers, thread, subject)
    select
      id, tenant_id, coalesce(source_created_at, ingested_at, timestamptz 'epoch'),
      nullif(left(lower(metadata ->> 'sender_address'), 320), ''),
      left(metadata ->> 'sender_name', 200),
      cortex_mail_receivers(metadata),
      left(metadata ->> 'thread_id', 512),
      left(title, 300)
    from documents
    where id = any(v_ids) and document_type = 'email' and superseded_at is null
    for key share
    on conflict (document_id) do nothing;
    v_last := v_ids[array_upper(v_ids, 1)];
    commit;
  end loop;
end
$$;
