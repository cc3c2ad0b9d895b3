do $$
begin
  if exists (select from document_sources) then
    raise exception 'who brought which document in would be lost'
      using hint = 'Empty document_sources first, if nobody needs it any more.';
  end if;
end
$$;

drop table document_sources;
alter table documents
  drop column content_incomplete,
  drop column message_key,
  drop column source_account;
