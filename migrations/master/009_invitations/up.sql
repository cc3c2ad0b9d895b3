-- Users invite users, so the inviter need not be one of Master's administrators.
select cortex_drop_constraint('company_users', 'f', 'invited_by');

-- Only a future invitation_expires_at makes an inactive row an open invitation: a row that somebody inserted inactive by
-- hand has none, and stays shut.
alter table company_users
  add column if not exists invitation_expires_at timestamptz,
  add column if not exists accepted_at timestamptz;

-- Two active members of a company never differ only in the case of their e-mail. A database that holds such a pair
-- already keeps it, and goes without the index until somebody has decided which of the two is meant.
-- Every run of the migrator asks again.
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
select cortex_index_what_is_clean();
