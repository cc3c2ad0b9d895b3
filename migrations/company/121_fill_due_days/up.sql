-- Of the records that were there before, in batches of their own transactions. A document that is written meanwhile keeps
-- the day of whoever wrote it: the day is read from the document as it is when its row is written.
do $$
declare
  v_last bigint := 0;
  v_ids bigint[];
begin
  loop
    select array_agg(document_id order by document_id) into v_ids
    from (
      select document_id from book_records where document_id > v_last order by document_id limit 2000
    ) batch;
    exit when v_ids is null;
    perform from documents where id = any(v_ids) order by id for key share;
    update book_records set due_day = cortex_day(documents.metadata ->> 'due_date')
    from documents
    where documents.id = book_records.document_id and book_records.document_id = any(v_ids)
      and due_day is distinct from cortex_day(documents.metadata ->> 'due_date');
    v_last := v_ids[array_upper(v_ids, 1)];
    commit;
  end loop;
end
$$;
