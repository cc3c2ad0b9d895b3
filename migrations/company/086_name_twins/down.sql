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
