do $$
begin
  if exists (select from documents where superseded_at is not null) then
    raise exception 'documents that newer ones took the place of would show again, beside them'
      using hint = 'Delete the documents with superseded_at first, if nobody needs them any more.';
  end if;
end
$$;

alter table documents drop column if exists superseded_at;
