do $$
begin
  if exists (select from sync_overrides where consumed_at is null) then
    raise exception 'leaves and refusals of admins to sync again would be lost'
      using hint = 'Withdraw them first, or delete the open rows of sync_overrides.';
  end if;
end
$$;

drop table sync_overrides;
