-- Of the documents that were there before, in batches of their own transactions: nobody waits for a document for long. Run
-- again after a failure it goes on where it stopped. Whoever writes meanwhile keeps the rows of his own; a lock that only
-- keeps a document from going away makes sure that each row has its document.
do $$
declare
  v_last bigint := 0;
  v_ids bigint[];
begin
  loop
    select array_agg(id order by id) into v_ids
    from (
      select id from documents
      where source = 'quickbooks' and superseded_at is null and id > v_last
      order by id limit 2000
    ) batch;
    exit when v_ids is null;
    insert into book_records (document_id, tenant_id, kind, day, party, total, balance, currency)
    select
      id, tenant_id, document_type,
      coalesce(cortex_day(metadata ->> 'date'), (source_created_at at time zone 'UTC')::date),
      left(coalesce(metadata ->> 'customer_name', metadata ->> 'vendor_name'), 500),
      cortex_amount(metadata ->> 'total'),
      cortex_amount(metadata ->> 'balance'),
      left(metadata ->> 'currency', 50)
    from documents
    where id = any(v_ids) and source = 'quickbooks' and superseded_at is null
    for key share
    on conflict (document_id) do nothing;
    v_last := v_ids[array_upper(v_ids, 1)];
    commit;
  end loop;
end
$$;
