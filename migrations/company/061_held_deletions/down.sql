do $$
begin
  if exists (select from held_deletions where settled_at is null) then
    raise exception 'deletions that wait for a decision would be forgotten'
      using hint = 'Confirm or reject them first, and let cortex work carry the decisions out.';
  end if;
end
$$;

drop table held_deletion_records;
drop table held_deletions;
