-- Which account a connection reaches, and whether it still works.
alter table connections
  add column if not exists account_email text,
  add column if not exists account_id text,
  add column if not exists status text not null default 'active',
  add column if not exists reason text,
  add column if not exists status_changed_at timestamptz;
alter table connections
  add constraint connections_status_check check (status in ('active', 'needs_reauthorization', 'disconnected'));

-- A connection without user belongs to nobody who could be asked: it is never synced, until somebody who connects the
-- same account takes it.
update connections
set status = 'needs_reauthorization', reason = 'no_user', status_changed_at = now()
where user_id is null;
alter table connections
  add constraint connections_user_check check (user_id is not null or status <> 'active');

create function cortex_set_status_without_user() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.user_id is null and new.status = 'active' then
    new.status := 'needs_reauthorization';
    new.reason := 'no_user';
    new.status_changed_at := now();
  end if;
  return new;
end
$$;
select cortex_wall_function('cortex_set_status_without_user()');
create trigger set_status_without_user before insert on connections
  for each row execute function cortex_set_status_without_user();

create index idx_connections_broker on connections (tenant_id, connection_id);

-- What arrived and does not fit: a connection at the broker that names somebody who is no member, or that nobody asked
-- for. Kept apart, so that nothing can mistake it for one that may be used.
create table quarantined_connections (
  id bigserial primary key,
  tenant_id text not null,
  provider_key text not null,
  connection_id text not null,
  claimed_user_id text,
  reason text not null,
  created_at timestamptz not null default now(),
  constraint unique_quarantined_connection unique (tenant_id, provider_key, connection_id)
);
select cortex_wall('quarantined_connections', 'select, insert, update, delete');
