-- When what a record tells of is due: overdue ones are looked for again and again.
alter table book_records add column due_day date;

create or replace function cortex_keep_book_record() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.source <> 'quickbooks' or new.superseded_at is not null then
    delete from public.book_records where document_id = new.id;
    return null;
  end if;
  insert into public.book_records (document_id, tenant_id, kind, day, party, total, balance, currency, due_day)
  values (
    new.id, new.tenant_id, new.document_type,
    coalesce(public.cortex_day(new.metadata ->> 'date'), (new.source_created_at at time zone 'UTC')::date),
    left(coalesce(new.metadata ->> 'customer_name', new.metadata ->> 'vendor_name'), 500),
    public.cortex_amount(new.metadata ->> 'total'),
    public.cortex_amount(new.metadata ->> 'balance'),
    left(new.metadata ->> 'currency', 50),
    public.cortex_day(new.metadata ->> 'due_date'))
  on conflict (document_id) do update
  set tenant_id = excluded.tenant_id, kind = excluded.kind, day = excluded.day, party = excluded.party,
      total = excluded.total, balance = excluded.balance, currency = excluded.currency,
      due_day = excluded.due_day;
  return null;
end
$$;
