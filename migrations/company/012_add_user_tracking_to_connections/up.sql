-- A connection belongs to a person of the company, no longer to the company as a whole.
alter table connections
  add column if not exists user_id text,
  add column if not exists user_email text,
  add column if not exists connected_at timestamptz;

-- A connection from before knows when it was made. Where this migration was run by hand, its rows were stamped with the
-- day of the migration instead.
update connections set connected_at = created_at where user_id is null and connected_at is distinct from created_at;
alter table connections alter column connected_at set default now();

select cortex_drop_constraint('connections', 'u', 'tenant_id', 'provider_key');
select cortex_drop_constraint('connections', 'u', 'tenant_id', 'provider_key', 'user_id');
alter table connections
  add constraint unique_user_provider_connection unique (tenant_id, provider_key, user_id);

-- To that constraint two rows without user are no duplicates. A company has one old connection a provider at most; a
-- database that holds more keeps them, and goes without the index until somebody has decided which one is meant.
-- Every run of the migrator asks again.
create or replace function cortex_index_what_is_clean() returns void language plpgsql set search_path = '' as $$
begin
  if to_regclass('public.connections_one_without_user') is not null then
    return;
  end if;
  if exists (
    select from public.connections where user_id is null group by tenant_id, provider_key having count(*) > 1
  ) then
    raise warning 'a provider has several connections without user: the unique index is left out'
      using hint = 'Delete all but one of them, then migrate again.';
  else
    create unique index connections_one_without_user
      on public.connections (tenant_id, provider_key) where user_id is null;
  end if;
end
$$;
select cortex_wall_function('cortex_index_what_is_clean()');
select cortex_index_what_is_clean();

create index if not exists idx_connections_user on connections (user_id);
create index if not exists idx_connections_tenant_user on connections (tenant_id, user_id);
