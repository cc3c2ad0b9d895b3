do $$
begin
  if exists (select from nango_original_connections where account_id is not null) then
    raise exception 'which accounts people first connected would be known by their e-mail address only'
      using hint = 'Stay on this version, or set account_id to null if nobody needs it any more.';
  end if;
end
$$;

-- Names stay as they are: the one name of a provider was always among its spellings.
drop function cortex_provider_name(text);
alter table nango_original_connections drop column account_id;
