do $$
begin
  if exists (select from webhook_inbox where state = 'pending') then
    raise exception 'webhooks that were not worked off would be lost'
      using hint = 'Let cortex work finish, or empty webhook_inbox if nobody needs it.';
  end if;
end
$$;

drop table webhook_inbox;
