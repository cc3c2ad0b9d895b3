do $$
begin
  if exists (select from nango_original_connections) then
    raise exception 'the accounts that people first connected would be lost'
      using hint = 'Empty nango_original_connections first, if nobody needs it any more.';
  end if;
end
$$;

drop table nango_original_connections;
