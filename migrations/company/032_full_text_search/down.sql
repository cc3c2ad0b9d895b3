drop trigger set_search_vector_of_changed on documents;
drop trigger set_search_vector_of_new on documents;
drop function cortex_set_search_vector();
alter table documents drop column search_vector;
