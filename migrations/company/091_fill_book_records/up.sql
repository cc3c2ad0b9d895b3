-- Of the documents that were there before. Whoever writes meanwhile keeps the rows of his own; a lock that only keeps a
-- document from going away makes sure that each row has its document.
insert into book_records (document_id, tenant_id, kind, day, party, total, balance, currency)
select
  id, tenant_id, document_type,
  coalesce(cortex_day(metadata ->> 'date'), (source_created_at at time zone 'UTC')::date),
  left(coalesce(metadata ->> 'customer_name', metadata ->> 'vendor_name'), 500),
  cortex_amount(metadata ->> 'total'),
  cortex_amount(metadata ->> 'balance'),
  left(metadata ->> 'currency', 50)
from documents
where source = 'quickbooks' and superseded_at is null
for key share
on conflict (document_id) do nothing;
