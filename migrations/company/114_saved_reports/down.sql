do $$
begin
  if exists (select from cortex_saved_reports) then
    raise exception 'reports that people saved would be lost'
      using hint = 'Stay on this version, or delete the rows of cortex_saved_reports if nobody needs them.';
  end if;
end
$$;
drop table cortex_saved_reports;
