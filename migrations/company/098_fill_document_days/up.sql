-- What was there before is what there is without what was counted since. One statement sees both as of one moment, and
-- holds nobody up.
insert into document_days (tenant_id, day, source, user_id, documents)
select tenant_id, day, source, user_id, sum(documents)
from (
  select tenant_id, coalesce((ingested_at at time zone 'UTC')::date, date '1970-01-01') as day, source,
    coalesce(ingested_by_user_id, '') as user_id, count(*) as documents
  from documents where superseded_at is null
  group by 1, 2, 3, 4
  union all
  select tenant_id, day, source, user_id, -documents from document_days
) counts
group by 1, 2, 3, 4
having sum(documents) <> 0;
