-- Owned by a role whose member nobody is; the owner of the schema may drop it all the same.
drop function cortex_find_documents(tsquery, tsquery, tsquery, text, text, text, timestamptz, timestamptz, timestamptz);
drop function cortex_search_day(timestamptz);
drop function cortex_search_days(integer, integer);
-- The right to read superseded_at stays: listing mail has it too.
