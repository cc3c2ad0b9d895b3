do $$
begin
  if exists (select from unfinished_contents) then
    raise exception 'records that still lack texts or files would never get them'
      using hint = 'Let cortex work finish, or empty unfinished_contents if nobody needs them.';
  end if;
end
$$;

drop table unfinished_contents;
