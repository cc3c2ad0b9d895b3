-- Master as people made it by hand, before any migration of ours, with rows.
create table companies (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique constraint valid_slug check (slug ~ '^[a-z0-9-]+$'), name text not null,
  status text default 'active'
    constraint valid_status check (status in ('active', 'suspended', 'trial', 'provisioning', 'deleted')),
  plan text default 'enterprise', backend_url text, frontend_url text, render_service_id text, vercel_project_id text,
  created_at timestamp default now(), activated_at timestamp, trial_ends_at timestamp, last_sync_at timestamp,
  company_location text, company_description text, industries_served jsonb default '[]',
  key_capabilities jsonb default '[]', primary_contact_email text, primary_contact_name text, metadata jsonb default '{}');
create table master_admins (
  id uuid primary key default gen_random_uuid(), email text not null unique, password_hash text not null,
  name text not null, role text default 'admin', last_login_at timestamp, created_at timestamp default now(),
  updated_at timestamp default now(), is_active boolean default true);
create table audit_log_global (
  id uuid primary key default gen_random_uuid(), company_id uuid references companies (id),
  admin_id uuid references master_admins (id), action text not null, resource_type text, resource_id text,
  details jsonb default '{}', ip_address text, user_agent text, created_at timestamp default now(), user_id uuid);
create table sync_permissions (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null unique references companies (id) on delete cascade, can_manual_sync_override boolean,
  override_reason text, override_enabled_at timestamptz, override_enabled_by text, created_at timestamptz default now(),
  updated_at timestamptz default now());
create table company_deployments (id serial primary key, service_key text);

-- Policies that name no role are for everyone.
alter table companies enable row level security;
alter table master_admins enable row level security;
alter table audit_log_global enable row level security;
create policy "Service role has full access" on companies for all using (true);
create policy "Service role has full access" on master_admins for all using (true);
create policy "Service role has full access" on audit_log_global for all using (true);

insert into companies (id, slug, name, created_at)
values ('0a0a0a0a-0000-4000-8000-00000000000a', 'harbour-works', 'Harbour Works', '2025-01-02 03:04:05');
insert into master_admins (email, password_hash, name) values ('operator@harbour.example', 'hash', 'Operator');
insert into audit_log_global (company_id, action) values ('0a0a0a0a-0000-4000-8000-00000000000a', 'company_created');
insert into sync_permissions (company_id, can_manual_sync_override)
values ('0a0a0a0a-0000-4000-8000-00000000000a', true);
