-- What of the team has to be written elsewhere: a row with binding_due_at is not known to say what the person's account at
-- Master Auth should say, and is looked at again then.
alter table company_users
  add column if not exists binding_due_at timestamptz,
  add column if not exists binding_attempts integer not null default 0;

create index if not exists idx_company_users_binding on company_users (company_id, binding_due_at)
  where binding_due_at is not null;

-- The order in which a team is listed, and who has an address.
create index if not exists idx_company_users_team on company_users (company_id, lower(email), id);

-- The same as for active members holds for those who are invited. As before, a database with pairs goes without the index
-- until somebody has decided, and every run of the migrator asks again.
create or replace function cortex_index_what_is_clean() returns void language plpgsql set search_path = '' as $$
begin
  if to_regclass('public.company_users_active_email') is null then
    if exists (
      select from public.company_users where is_active group by company_id, lower(email) having count(*) > 1
    ) then
      raise warning 'two active members of a company share an e-mail address: the unique index is left out'
        using hint = 'Deactivate one of each pair, then migrate again.';
      return;
    end if;
    create unique index company_users_active_email on public.company_users (company_id, lower(email)) where is_active;
  end if;
  if to_regclass('public.company_users_open_email') is null then
    if exists (
      select from public.company_users where is_active or invitation_expires_at is not null
      group by company_id, lower(email) having count(*) > 1
    ) then
      raise warning 'an invitation has the e-mail address of another member: the unique index is left out'
        using hint = 'Set invitation_expires_at of the invitation to null, then migrate again.';
      return;
    end if;
    create unique index company_users_open_email on public.company_users (company_id, lower(email))
      where is_active or invitation_expires_at is not null;
  end if;
end
$$;
select cortex_wall_function('cortex_index_what_is_clean()');
-- Where active members share an address, that was said before.
do $$
begin
  if to_regclass('public.company_users_active_email') is not null then
    perform cortex_index_what_is_clean();
  end if;
end
$$;
