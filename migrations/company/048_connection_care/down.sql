do $$
begin
  if exists (select from broker_removals where removed_at is null) then
    raise exception 'connections that are still to be removed at Nango would be forgotten'
      using hint = 'Let cortex work finish, or remove them at Nango and empty broker_removals.';
  end if;
end
$$;

drop table upkeep_turns;
drop table broker_removals;
alter table connections drop column follow_up;
