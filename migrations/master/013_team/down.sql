-- As it stood before: of active members alone.
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
select cortex_wall_function('cortex_index_what_is_clean()');

drop index if exists company_users_open_email;
drop index idx_company_users_team;
drop index idx_company_users_binding;

-- Accounts that were not bound yet are bound by `cortex users bind`.
alter table company_users
  drop column binding_attempts,
  drop column binding_due_at;
