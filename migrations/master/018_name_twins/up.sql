-- As before, and it says which members stand in the way. Not their address: reports are kept by many.
create or replace function cortex_index_what_is_clean() returns void language plpgsql set search_path = '' as $$
declare
  v_twins text;
begin
  if to_regclass('public.company_users_active_email') is not null then
    return;
  end if;
  select string_agg(format('the users %s of company %s', users, company_id), '; ' order by company_id, users) into v_twins
  from (
    select company_id, string_agg(user_id::text, ' and ' order by user_id) as users
    from public.company_users where is_active
    group by company_id, lower(email) having count(*) > 1
  ) twins;
  if v_twins is not null then
    raise warning 'active members share an e-mail address: %: the unique index is left out', v_twins
      using hint = 'Deactivate all but one of each, then migrate again.';
  else
    create unique index company_users_active_email on public.company_users (company_id, lower(email)) where is_active;
  end if;
end
$$;
