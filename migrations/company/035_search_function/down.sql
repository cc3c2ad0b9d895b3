-- Owned by a role whose member nobody is; the owner of the schema may drop it all the same.
drop function cortex_search_documents(text, text, text, text, timestamptz, timestamptz, integer, integer);
drop policy search_sees_all on documents;
revoke select (id, tenant_id, search_vector, source, document_type, source_created_at, ingested_at, ingested_by_user_id)
  on table documents from cortex_search;
