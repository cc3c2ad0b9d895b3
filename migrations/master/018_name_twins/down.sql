create or replace function cortex_index_what_is_clean() returns void language plpgsql set search_path = '' as $$
begin
  if to_regclass('public.company_users_active_email') is not null then
    return;
  end if;
  if exists (
    select from public.company_users where is_active group by company_id, lower(email) having count(*) > 1
  ) then
    raise warning 'two active members of a company share an e-mail address: the unique index is left out'
      using hint = 'Deactivate one of each pair, then migrate again.';
  else
    create unique index company_users_active_email on public.company_users (company_id, lower(email)) where is_active;
  end if;
end
$$;
