-- As before, and it says which connections stand in the way.
create or replace function cortex_index_what_is_clean() returns void language plpgsql set search_path = '' as $$
declare
  v_twins text;
begin
  if to_regclass('public.connections_one_without_user') is not null then
    return;
  end if;
  select string_agg(format('%s of company %s (%s)', provider_key, tenant_id, ids), '; ' order by tenant_id, provider_key)
  into v_twins
  from (
    select tenant_id, provider_key, string_agg(connection_id, ', ' order by id) as ids
    from public.connections where user_id is null
    group by tenant_id, provider_key having count(*) > 1
  ) twins;
  if v_twins is not null then
    raise warning 'connections without user share a provider: %: the unique index is left out', v_twins
      using hint = 'Delete all but one of each, then migrate again.';
  else
    create unique index connections_one_without_user
      on public.connections (tenant_id, provider_key) where user_id is null;
  end if;
end
$$;
