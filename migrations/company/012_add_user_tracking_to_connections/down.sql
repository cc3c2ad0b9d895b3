-- Below this migration a company has one connection a provider. Which of several to keep is not ours to say.
do $$
declare
  v_conflicts text;
begin
  select string_agg(format('%s of company %s (%s)', provider_key, tenant_id, owners), '; ' order by tenant_id, provider_key)
  into v_conflicts
  from (
    select tenant_id, provider_key,
      string_agg(coalesce(user_email, user_id, 'without user'), ', ' order by id) as owners
    from connections
    group by tenant_id, provider_key
    having count(*) > 1
  ) shared;
  if v_conflicts is not null then
    raise exception 'several connections share a provider: %', v_conflicts
      using hint = 'Disconnect all but one of each, then take the migration down again.';
  end if;
end
$$;

drop index idx_connections_tenant_user;
drop index idx_connections_user;
drop function cortex_index_what_is_clean();
drop index if exists connections_one_without_user;
alter table connections drop constraint unique_user_provider_connection;
alter table connections
  add constraint connections_tenant_id_provider_key_key unique (tenant_id, provider_key);
alter table connections
  drop column connected_at,
  drop column user_email,
  drop column user_id;
