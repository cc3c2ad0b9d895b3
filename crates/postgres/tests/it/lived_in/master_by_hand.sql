-- 006 and 007 as people pasted them, with rows.
create table nango_original_connections (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references companies (id) on delete cascade, tenant_id text not null, provider text not null,
  original_email text not null, nango_connection_id text not null, connected_at timestamptz default now(),
  connected_by text, last_reconnected_at timestamptz, reconnection_count integer default 0,
  constraint nango_original_connections_unique unique (company_id, tenant_id, provider));
create index idx_nango_connections_company on nango_original_connections (company_id);
create index idx_nango_connections_tenant on nango_original_connections (company_id, tenant_id);
alter table nango_original_connections enable row level security;
create policy "Service role has full access" on nango_original_connections for all using (true);
create table company_users (
  id uuid primary key default gen_random_uuid(), user_id uuid not null,
  company_id uuid not null references companies (id) on delete cascade, email text not null,
  role text default 'user' check (role in ('owner', 'admin', 'user', 'viewer')),
  invited_by uuid references master_admins (id), invited_at timestamptz default now(), last_login_at timestamptz,
  is_active boolean default true, created_at timestamptz default now(), updated_at timestamptz default now(),
  constraint unique_user_company unique (user_id, company_id));
create index idx_company_users_user on company_users (user_id);
create index idx_company_users_company on company_users (company_id);
create index idx_company_users_email on company_users (email);
create index idx_company_users_active on company_users (company_id, is_active) where is_active = true;
alter table company_users enable row level security;
create policy "Service role has full access" on company_users for all using (true);
create policy "Users can view their own companies" on company_users for select using (auth.uid() = user_id);
create function get_user_companies(p_user_id uuid)
returns table (company_id uuid, company_name text, company_slug text, user_role text, backend_url text, frontend_url text)
as $$
begin
  return query select c.id, c.name, c.slug, m.role, c.backend_url, c.frontend_url
    from company_users m join companies c on c.id = m.company_id where m.user_id = p_user_id;
end $$ language plpgsql security definer;
create function user_has_company_access(p_user_id uuid, p_company_id uuid) returns boolean as $$
begin
  return exists (select 1 from company_users where user_id = p_user_id and company_id = p_company_id);
end $$ language plpgsql security definer;
create function get_user_role_in_company(p_user_id uuid, p_company_id uuid) returns text as $$
begin
  return (select role from company_users where user_id = p_user_id and company_id = p_company_id);
end $$ language plpgsql security definer;
create function update_user_last_login(p_user_id uuid, p_company_id uuid) returns void as $$
begin
  update company_users set last_login_at = now() where user_id = p_user_id and company_id = p_company_id;
end $$ language plpgsql security definer;
create function update_company_users_updated_at() returns trigger as $$
begin
  new.updated_at = now();
  return new;
end $$ language plpgsql;
create trigger trigger_update_company_users_updated_at before update on company_users
  for each row execute function update_company_users_updated_at();

insert into company_users (user_id, company_id, email, role)
values ('0a0a0a0a-0000-4000-8000-0000000000a1', '0a0a0a0a-0000-4000-8000-00000000000a', 'ina@harbour.example', 'owner');
insert into nango_original_connections (company_id, tenant_id, provider, original_email, nango_connection_id)
values ('0a0a0a0a-0000-4000-8000-00000000000a', '0a0a0a0a-0000-4000-8000-0000000000a1', 'google-mail',
        'ina@harbour.example', 'broker-1');
