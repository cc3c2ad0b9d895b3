-- An amount or a day, as the metadata of a document tell it. Whatever stands there gives one or nothing, and no error: a
-- trigger asks.
create function cortex_amount(p_text text) returns numeric language sql immutable parallel safe as $$
  select case when p_text ~ '^-?[0-9]{1,24}([.][0-9]{1,24})?$' then p_text::numeric end
$$;
select cortex_wall_function('cortex_amount(text)', '{cortex_app}');

create function cortex_day(p_text text) returns date language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_day date;
begin
  if p_text !~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' or left(p_text, 4) = '0000' then
    return null;
  end if;
  v_day := make_date(left(p_text, 4)::int, substr(p_text, 6, 2)::int, 1) + (substr(p_text, 9, 2)::int - 1);
  -- There is no 30th of February.
  return case when extract(month from v_day) = substr(p_text, 6, 2)::int then v_day end;
end
$$;
select cortex_wall_function('cortex_day(text)', '{cortex_app}');

-- What the documents of QuickBooks say in numbers, a narrow row for each: sums are made of these and not of documents,
-- which are wide. A row is kept by whoever writes its document, in the same transaction.
create table book_records (
  document_id bigint primary key references documents (id) on delete cascade,
  tenant_id text not null,
  kind text not null,
  -- The day in the books, or else the one on which it was entered, by UTC.
  day date,
  -- The customer or vendor.
  party text,
  total numeric,
  balance numeric,
  currency text
);
create index idx_book_records_day on book_records (tenant_id, day desc nulls last, document_id desc);
select cortex_wall('book_records', 'select, insert, update, delete');

create function cortex_keep_book_record() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.source <> 'quickbooks' or new.superseded_at is not null then
    delete from public.book_records where document_id = new.id;
    return null;
  end if;
  insert into public.book_records (document_id, tenant_id, kind, day, party, total, balance, currency)
  values (
    new.id, new.tenant_id, new.document_type,
    coalesce(public.cortex_day(new.metadata ->> 'date'), (new.source_created_at at time zone 'UTC')::date),
    left(coalesce(new.metadata ->> 'customer_name', new.metadata ->> 'vendor_name'), 500),
    public.cortex_amount(new.metadata ->> 'total'),
    public.cortex_amount(new.metadata ->> 'balance'),
    left(new.metadata ->> 'currency', 50))
  on conflict (document_id) do update
  set tenant_id = excluded.tenant_id, kind = excluded.kind, day = excluded.day, party = excluded.party,
      total = excluded.total, balance = excluded.balance, currency = excluded.currency;
  return null;
end
$$;
select cortex_wall_function('cortex_keep_book_record()');

create trigger keep_book_record_of_new after insert on documents
  for each row when (new.source = 'quickbooks') execute function cortex_keep_book_record();
create trigger keep_book_record_of_changed
  after update of tenant_id, source, document_type, metadata, source_created_at, superseded_at on documents
  for each row when (new.source = 'quickbooks' or old.source = 'quickbooks') execute function cortex_keep_book_record();
