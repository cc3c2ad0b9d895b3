do $$
begin
  if exists (select from companies where database_url_ref is not null) then
    raise exception 'where the companies have their databases would be lost'
      using hint = 'Note the references down and set companies.database_url_ref to null first.';
  end if;
end
$$;

alter table companies drop constraint valid_database_url_ref;
alter table companies drop column database_url_ref;
