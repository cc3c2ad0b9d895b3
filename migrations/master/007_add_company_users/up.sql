-- Who belongs to which company.
create table if not exists company_users (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  company_id uuid not null references companies (id) on delete cascade,
  email text not null,
  role text default 'user' check (role in ('owner', 'admin', 'user', 'viewer')),
  invited_by uuid references master_admins (id),
  invited_at timestamptz default now(),
  last_login_at timestamptz,
  is_active boolean default true,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint unique_user_company unique (user_id, company_id)
);

create index if not exists idx_company_users_user on company_users (user_id);
create index if not exists idx_company_users_company on company_users (company_id);
create index if not exists idx_company_users_email on company_users (email);
create index if not exists idx_company_users_active on company_users (company_id, is_active) where is_active = true;

comment on table company_users is 'Who of Master''s users belongs to which company, and as what';

select cortex_wall('company_users', 'company_id', 'select, insert, update');
grant select on table company_users to authenticated;
create policy own_memberships on company_users for select to authenticated using (auth.uid() = user_id);

-- What crosses companies goes through these four functions only. They run as their owner, whom row level security does
-- not bind, and are therefore closed to everyone but the service and Supabase's service role.
create or replace function get_user_companies(p_user_id uuid)
  returns table (company_id uuid, company_name text, company_slug text, user_role text, backend_url text, frontend_url text)
  language plpgsql security definer set search_path = '' as $$
begin
  return query
    select c.id, c.name, c.slug, cu.role, c.backend_url, c.frontend_url
    from public.company_users cu
    join public.companies c on c.id = cu.company_id
    where cu.user_id = p_user_id and cu.is_active and c.status = 'active';
end
$$;

create or replace function user_has_company_access(p_user_id uuid, p_company_id uuid)
  returns boolean language plpgsql security definer set search_path = '' as $$
begin
  return exists (
    select from public.company_users
    where user_id = p_user_id and company_id = p_company_id and is_active
  );
end
$$;

create or replace function get_user_role_in_company(p_user_id uuid, p_company_id uuid)
  returns text language plpgsql security definer set search_path = '' as $$
declare
  v_role text;
begin
  select role into v_role
  from public.company_users
  where user_id = p_user_id and company_id = p_company_id and is_active;
  return v_role;
end
$$;

create or replace function update_user_last_login(p_user_id uuid, p_company_id uuid)
  returns void language plpgsql security definer set search_path = '' as $$
begin
  update public.company_users
  set last_login_at = now(), updated_at = now()
  where user_id = p_user_id and company_id = p_company_id;
end
$$;

create or replace function update_company_users_updated_at()
  returns trigger language plpgsql set search_path = '' as $$
begin
  new.updated_at = now();
  return new;
end
$$;

drop trigger if exists trigger_update_company_users_updated_at on company_users;
create trigger trigger_update_company_users_updated_at
  before update on company_users
  for each row execute function update_company_users_updated_at();

select cortex_wall_function('get_user_companies(uuid)', '{service_role, cortex_app}');
select cortex_wall_function('user_has_company_access(uuid, uuid)', '{service_role, cortex_app}');
select cortex_wall_function('get_user_role_in_company(uuid, uuid)', '{service_role, cortex_app}');
select cortex_wall_function('update_user_last_login(uuid, uuid)', '{service_role, cortex_app}');
select cortex_wall_function('update_company_users_updated_at()');
