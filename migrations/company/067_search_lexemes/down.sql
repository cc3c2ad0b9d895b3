drop function cortex_search_marks(timestamptz, timestamptz, text, text, text);
drop trigger set_search_vector_of_changed on documents;
drop trigger set_search_vector_of_new on documents;

create or replace function cortex_set_search_vector() returns trigger language plpgsql set search_path = '' as $$
begin
  new.search_vector :=
    setweight(to_tsvector('pg_catalog.english', new.title), 'A')
    || setweight(to_tsvector('pg_catalog.english', left(new.content, 100000)), 'B');
  return new;
end
$$;

create trigger set_search_vector_of_new before insert on documents
  for each row execute function cortex_set_search_vector();
create trigger set_search_vector_of_changed before update of title, content, search_vector on documents
  for each row execute function cortex_set_search_vector();

alter table documents drop column search_version;
