do $$
begin
  if exists (select from deleted_documents) or exists (select from erasure_receipts) then
    raise exception 'what admins deleted would come back, and the receipts of erasures would be lost'
      using hint = 'Stay on this version, or empty deleted_documents and erasure_receipts if nobody needs them any more.';
  end if;
end
$$;

select cortex_wall('sync_turns', 'select, insert, update');
drop table erasure_receipts;
drop trigger keep_deleted_away on documents;
drop function cortex_keep_deleted_away();
drop table deleted_documents;
drop function cortex_list_thread(text, timestamptz, bigint, integer);
drop function cortex_list_mail(text, text, text, timestamptz, timestamptz, timestamptz, bigint, integer);
drop function cortex_mail_words(text, jsonb);
revoke select (title, metadata, superseded_at) on table documents from cortex_search;
