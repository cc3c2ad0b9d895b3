-- What was found is found again; what people dismissed would be, too.
do $$
begin
  if exists (select from cortex_alerts where dismissed_at is not null) then
    raise exception 'alerts were dismissed: going back would forget who did, and why'
      using hint = 'Delete the rows of cortex_alerts first, if they are not needed.';
  end if;
end
$$;
drop table if exists cortex_alerts;
drop table if exists cortex_alert_rules;
