-- The tables that Master has had since before Cortex kept books of its migrations. On a database that has lived they
-- are adopted as they stand; on an empty one they are made. Every step asks for what is missing only.

-- Roles are shared by all databases of a server, and many databases may migrate at once: what another migration has
-- just made is as good as ours.
do $$
declare
  wanted text;
  v_can_drop_to_app boolean;
begin
  foreach wanted in array array['cortex_app', 'anon', 'authenticated', 'service_role'] loop
    for attempt in 1..50 loop
      begin
        if not exists (select from pg_roles where rolname = wanted) then
          execute format('create role %I nologin', wanted);
        end if;
        exit;
      exception
        when insufficient_privilege then
          raise exception 'role % is missing and % may not create roles', wanted, current_user
            using hint = format('Run as a superuser: create role %I nologin; then migrate again.', wanted);
        when duplicate_object or unique_violation or internal_error then
          perform pg_sleep(0.01 * attempt);
      end;
    end loop;
  end loop;
  -- An owner who may create roles is not thereby a member of them, and only a member can SET ROLE.
  for attempt in 1..50 loop
    begin
      execute 'select pg_has_role(current_user, ''cortex_app'', $1)' into v_can_drop_to_app
        using case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
      if not v_can_drop_to_app then
        execute format('grant cortex_app to %I', current_user);
      end if;
      exit;
    exception
      when insufficient_privilege then
        raise exception '% is no member of cortex_app and may not become one', current_user
          using hint = format('Run as a superuser: grant cortex_app to %I; then migrate again.', current_user);
      when duplicate_object or unique_violation or internal_error then
        perform pg_sleep(0.01 * attempt);
    end;
  end loop;
end
$$;

grant usage on schema public to cortex_app, service_role, authenticated;

-- Supabase has both; a plain server gets the same names, so that one set of policies serves both.
do $$
begin
  if to_regnamespace('auth') is null then
    create schema auth;
    grant usage on schema auth to anon, authenticated, service_role;
  end if;
  if to_regprocedure('auth.uid()') is null then
    create function auth.uid() returns uuid language sql stable set search_path = '' as
      'select coalesce(nullif(current_setting(''request.jwt.claim.sub'', true), ''''),
                       nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb ->> ''sub'')::uuid';
    revoke all on function auth.uid() from public;
    grant execute on function auth.uid() to anon, authenticated, service_role;
  end if;
end
$$;

-- Closes a function to everyone but its owner and the roles named. Supabase grants new functions to anon and
-- authenticated by name, so revoking from PUBLIC is not enough.
create or replace function cortex_wall_function(p_function regprocedure, p_grantees name[] default '{}')
  returns void language plpgsql set search_path = '' as $$
declare
  r_role name;
begin
  execute format('revoke all on function %s from public, anon, authenticated', p_function);
  foreach r_role in array p_grantees loop
    execute format('grant execute on function %s to %I', p_function, r_role);
  end loop;
end
$$;

-- Closes a table: no policy and no grant that was found survives, the service role keeps full access, and the
-- service's own role gets p_privileges on the rows whose p_company_column is the company of its connection.
-- Without that setting, or without a column, it sees nothing.
create or replace function cortex_wall(p_table regclass, p_company_column name, p_privileges text)
  returns void language plpgsql set search_path = '' as $$
declare
  r_policy name;
begin
  for r_policy in select polname from pg_catalog.pg_policy where polrelid = p_table loop
    execute format('drop policy %I on %s', r_policy, p_table);
  end loop;
  -- Owners back up and repair: they are never bound, also where somebody forced it.
  execute format('alter table %s enable row level security, no force row level security', p_table);
  execute format('revoke all on table %s from public, anon, authenticated, cortex_app', p_table);
  execute format('grant all on table %s to service_role', p_table);
  execute format('create policy service_role_access on %s to service_role using (true) with check (true)', p_table);
  if p_company_column is not null then
    execute format('grant %s on table %s to cortex_app', p_privileges, p_table);
    execute format(
      'create policy tenant_isolation on %1$s to cortex_app'
      ' using (%2$I = nullif(current_setting(''cortex.tenant_id'', true), '''')::uuid)'
      ' with check (%2$I = nullif(current_setting(''cortex.tenant_id'', true), '''')::uuid)',
      p_table, p_company_column);
  end if;
end
$$;

-- Drops the constraints and unique indexes of a table that say exactly this, whatever name a database made by hand gave
-- them. p_type is the letter of pg_constraint.contype: u for unique, f for a reference.
create or replace function cortex_drop_constraint(p_table regclass, p_type "char", variadic p_columns name[])
  returns void language plpgsql set search_path = '' as $$
declare
  r_found record;
begin
  for r_found in
    select c.conname from pg_catalog.pg_constraint c
    where c.conrelid = p_table and c.contype = p_type
      and (select array_agg(a.attname order by a.attname) from pg_catalog.pg_attribute a
           where a.attrelid = p_table and a.attnum = any (c.conkey))
        = (select array_agg(x order by x) from unnest(p_columns) x)
  loop
    execute format('alter table %s drop constraint %I', p_table, r_found.conname);
  end loop;
  if p_type <> 'u' then
    return;
  end if;
  for r_found in
    select i.indexrelid::regclass as index from pg_catalog.pg_index i
    where i.indrelid = p_table and i.indisunique and not i.indisprimary and i.indpred is null and i.indexprs is null
      and (select array_agg(a.attname order by a.attname) from pg_catalog.pg_attribute a
           where a.attrelid = p_table and a.attnum = any (i.indkey::smallint[]))
        = (select array_agg(x order by x) from unnest(p_columns) x)
  loop
    execute format('drop index %s', r_found.index);
  end loop;
end
$$;

select cortex_wall_function('cortex_drop_constraint(regclass, "char", name[])');
select cortex_wall_function('cortex_wall_function(regprocedure, name[])');
select cortex_wall_function('cortex_wall(regclass, name, text)');

create table if not exists companies (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique constraint valid_slug check (slug ~ '^[a-z0-9-]+$'),
  name text not null,
  status text default 'active'
    constraint valid_status check (status in ('active', 'suspended', 'trial', 'provisioning', 'deleted')),
  plan text default 'enterprise',
  backend_url text,
  frontend_url text,
  render_service_id text,
  vercel_project_id text,
  created_at timestamp default now(),
  activated_at timestamp,
  trial_ends_at timestamp,
  last_sync_at timestamp,
  company_location text,
  company_description text,
  industries_served jsonb default '[]',
  key_capabilities jsonb default '[]',
  primary_contact_email text,
  primary_contact_name text,
  metadata jsonb default '{}'
);

create table if not exists master_admins (
  id uuid primary key default gen_random_uuid(),
  email text not null unique,
  password_hash text not null,
  name text not null,
  role text default 'admin',
  last_login_at timestamp,
  created_at timestamp default now(),
  updated_at timestamp default now(),
  is_active boolean default true
);

create table if not exists audit_log_global (
  id uuid primary key default gen_random_uuid(),
  company_id uuid references companies (id),
  admin_id uuid references master_admins (id),
  action text not null,
  resource_type text,
  resource_id text,
  details jsonb default '{}',
  ip_address text,
  user_agent text,
  created_at timestamp default now(),
  user_id uuid
);

create table if not exists sync_permissions (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null unique references companies (id) on delete cascade,
  can_manual_sync_override boolean,
  override_reason text,
  override_enabled_at timestamptz,
  override_enabled_by text,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

-- Databases made by hand take their ids from the extension uuid-ossp; the server's own function needs none.
alter table companies alter column id set default gen_random_uuid();
alter table master_admins alter column id set default gen_random_uuid();
alter table audit_log_global alter column id set default gen_random_uuid();

create index if not exists idx_audit_log_global_company on audit_log_global (company_id, created_at desc);

select cortex_wall('companies', 'id', 'select');
select cortex_wall('master_admins', null, null);
select cortex_wall('audit_log_global', 'company_id', 'select, insert');
select cortex_wall('sync_permissions', 'company_id', 'select, update');

-- The service asks which migrations have run before it knows a company: the one table that it reads without context.
alter table __diesel_schema_migrations enable row level security;
revoke all on table __diesel_schema_migrations from public, anon, authenticated, cortex_app;
grant select on table __diesel_schema_migrations to cortex_app;
drop policy if exists readable_by_the_service on __diesel_schema_migrations;
create policy readable_by_the_service on __diesel_schema_migrations for select to cortex_app using (true);
