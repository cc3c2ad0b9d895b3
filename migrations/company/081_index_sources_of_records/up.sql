-- Without the company: a connection has one, and an index that begins with both looks as good to the planner, on a table of
-- which it knows nothing yet, as one that leads to the record. It then reads all that the connection brought in for each record.
create index concurrently if not exists idx_document_sources_of_record on document_sources (connection_id, source_id, source, source_account);
