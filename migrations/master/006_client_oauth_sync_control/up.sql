-- Which account a person first connected, so that a reconnect can be held to the same one.
--
-- tenant_id holds the *user's* id here, alone among all tables: deployments have rows like that.
create table if not exists nango_original_connections (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies (id) on delete cascade,
  tenant_id text not null,
  provider text not null,
  original_email text not null,
  nango_connection_id text not null,
  connected_at timestamptz default now(),
  connected_by text,
  last_reconnected_at timestamptz,
  reconnection_count integer default 0,
  constraint nango_original_connections_unique unique (company_id, tenant_id, provider)
);

create index if not exists idx_nango_connections_company on nango_original_connections (company_id);
create index if not exists idx_nango_connections_tenant on nango_original_connections (company_id, tenant_id);

comment on table nango_original_connections is
  'The account of each person''s first connection to a provider; tenant_id holds the user''s id';

select cortex_wall('nango_original_connections', 'company_id', 'select, insert, update, delete');
