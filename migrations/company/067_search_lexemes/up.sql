-- The service makes what search looks at itself, and says with which version of its lexer. Of a row of another version a
-- job makes it anew. The trigger stands in where a row comes, or is changed, without: its lexemes are those of English
-- words, which the service's own are as well.
alter table documents
  add column search_version smallint not null default 0,
  -- Of a document that a newer one took the place of.
  add column if not exists superseded_at timestamptz;

create or replace function cortex_set_search_vector() returns trigger language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' then
    if new.search_vector is distinct from old.search_vector
      or (new.search_vector is not null and new.title = old.title and new.content = old.content) then
      return new;
    end if;
  end if;
  new.search_version := 0;
  new.search_vector :=
    setweight(to_tsvector('pg_catalog.english', new.title), 'A')
    || setweight(to_tsvector('pg_catalog.english',
         concat_ws(' ', new.metadata ->> 'sender_name', new.metadata ->> 'sender_address')), 'B')
    || setweight(to_tsvector('pg_catalog.english', left(new.content, 100000)), 'D');
  return new;
end
$$;

drop trigger set_search_vector_of_new on documents;
create trigger set_search_vector_of_new before insert on documents
  for each row when (new.search_vector is null) execute function cortex_set_search_vector();
drop trigger set_search_vector_of_changed on documents;
create trigger set_search_vector_of_changed before update of title, content on documents
  for each row execute function cortex_set_search_vector();

-- The day of a document and spans of 32 and 1,024 days, and by what searches are narrowed. In the index beside the
-- lexemes, so that the newest of many matches are found without a look at all of them. Days are positive, names negative.
create function cortex_search_marks(
  p_created_at timestamptz, p_ingested_at timestamptz, p_source text, p_document_type text, p_ingested_by text
) returns integer[] language sql immutable parallel safe as $$
  select array[
    cortex_search_day.day + 4194304,
    (cortex_search_day.day >> 5) + 4194304 + 16777216,
    (cortex_search_day.day >> 10) + 4194304 + 33554432,
    hashtext('s' || p_source) | (-2147483648),
    hashtext('t' || p_document_type) | (-2147483648),
    hashtext('u' || coalesce(p_ingested_by, '')) | (-2147483648)
  ]
  from (
    select case when isfinite(moment) then floor(extract(epoch from moment) / 86400)::integer
                when moment > '2000-01-01' then 4000000
                else -4000000 end as day
    from (select coalesce(p_created_at, p_ingested_at) at time zone 'UTC' as moment) m
  ) cortex_search_day
$$;
select cortex_wall_function('cortex_search_marks(timestamptz, timestamptz, text, text, text)',
  '{cortex_app,cortex_search}');
