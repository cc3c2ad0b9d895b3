-- How many documents came in on a day, by where they came from and who first brought them in, without those that others took
-- the place of: what is counted of all documents is added up from here. Rows are only added, by each statement that writes
-- documents and in its transaction, so that nobody waits for a row of somebody else; the service folds rows of one day into
-- one. Documents of no known day are of the first one of 1970, those of nobody of ''.
create table document_days (
  id bigint generated always as identity primary key,
  tenant_id text not null,
  day date not null,
  source text not null,
  user_id text not null,
  documents bigint not null
);
create index idx_document_days on document_days (tenant_id, day, source, user_id) include (documents);
select cortex_wall('document_days', 'select, insert, delete');

create function cortex_count_documents() returns trigger language plpgsql set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into public.document_days (tenant_id, day, source, user_id, documents)
    select tenant_id, coalesce((ingested_at at time zone 'UTC')::date, date '1970-01-01'), source,
      coalesce(ingested_by_user_id, ''), count(*)
    from added where superseded_at is null
    group by 1, 2, 3, 4;
  elsif tg_op = 'DELETE' then
    insert into public.document_days (tenant_id, day, source, user_id, documents)
    select tenant_id, coalesce((ingested_at at time zone 'UTC')::date, date '1970-01-01'), source,
      coalesce(ingested_by_user_id, ''), -count(*)
    from removed where superseded_at is null
    group by 1, 2, 3, 4;
  else
    insert into public.document_days (tenant_id, day, source, user_id, documents)
    select tenant_id, coalesce((ingested_at at time zone 'UTC')::date, date '1970-01-01'), source,
      coalesce(ingested_by_user_id, ''), sum(change)
    from (
      select tenant_id, ingested_at, source, ingested_by_user_id, 1 as change from added where superseded_at is null
      union all
      select tenant_id, ingested_at, source, ingested_by_user_id, -1 from removed where superseded_at is null
    ) changes
    group by 1, 2, 3, 4
    having sum(change) <> 0;
  end if;
  return null;
end
$$;
select cortex_wall_function('cortex_count_documents()');

create trigger count_new_documents after insert on documents
  referencing new table as added for each statement execute function cortex_count_documents();
create trigger count_changed_documents after update on documents
  referencing new table as added old table as removed for each statement execute function cortex_count_documents();
create trigger count_gone_documents after delete on documents
  referencing old table as removed for each statement execute function cortex_count_documents();
