-- What search looks at: the title above the content. The column stays empty on the rows that are there, because filling
-- it for all of them under one lock would stop a live service; a job fills them in batches, and the trigger every row
-- that comes or changes from now on.
alter table documents add column search_vector tsvector;

create function cortex_set_search_vector() returns trigger language plpgsql set search_path = '' as $$
begin
  new.search_vector :=
    setweight(to_tsvector('pg_catalog.english', new.title), 'A')
    || setweight(to_tsvector('pg_catalog.english', left(new.content, 100000)), 'B');
  return new;
end
$$;
select cortex_wall_function('cortex_set_search_vector()');

create trigger set_search_vector_of_new before insert on documents
  for each row execute function cortex_set_search_vector();
create trigger set_search_vector_of_changed before update of title, content, search_vector on documents
  for each row execute function cortex_set_search_vector();
