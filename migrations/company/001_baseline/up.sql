-- The tables that a company's database has had since before Cortex kept books of its migrations. On a database that has
-- lived they are adopted as they stand; on an empty one they are made. Every step asks for what is missing only.

-- Roles are shared by all databases of a server, and many databases may migrate at once: what another migration has
-- just made is as good as ours.
do $$
declare
  wanted text;
  v_can_drop_to_app boolean;
begin
  foreach wanted in array array['cortex_app', 'cortex_search'] loop
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

grant usage on schema public to cortex_app, cortex_search;

-- Takes every right on an object from everyone but its owner and the roles that get theirs by name. Supabase grants new
-- tables, sequences and functions to anon and authenticated, so revoking from PUBLIC is not enough; a plain server has
-- no such roles.
create or replace function cortex_revoke(p_object text)
  returns void language plpgsql set search_path = '' as $$
declare
  r_role name;
begin
  execute format('revoke all on %s from public, cortex_app', p_object);
  for r_role in select rolname from pg_catalog.pg_roles where rolname in ('anon', 'authenticated') loop
    execute format('revoke all on %s from %I', p_object, r_role);
  end loop;
end
$$;

-- Closes a function to everyone but its owner and the roles named.
create or replace function cortex_wall_function(p_function regprocedure, p_grantees name[] default '{}')
  returns void language plpgsql set search_path = '' as $$
declare
  r_role name;
begin
  perform public.cortex_revoke(format('function %s', p_function));
  foreach r_role in array p_grantees loop
    execute format('grant execute on function %s to %I', p_function, r_role);
  end loop;
end
$$;

-- Closes a table: no policy and no grant that was found survives, and the service's own role gets p_privileges on the
-- rows whose tenant_id is the company of its connection. Without that setting it sees nothing; without p_privileges it
-- never does.
create or replace function cortex_wall(p_table regclass, p_privileges text)
  returns void language plpgsql set search_path = '' as $$
declare
  r_policy name;
  r_sequence regclass;
begin
  for r_policy in select polname from pg_catalog.pg_policy where polrelid = p_table loop
    execute format('drop policy %I on %s', r_policy, p_table);
  end loop;
  -- Owners back up and repair: they are never bound, also where somebody forced it.
  execute format('alter table %s enable row level security, no force row level security', p_table);
  perform public.cortex_revoke(format('table %s', p_table));
  for r_sequence in
    select objid from pg_catalog.pg_depend
    where refobjid = p_table and deptype in ('a', 'i') and classid = 'pg_catalog.pg_class'::regclass
      and objid in (select oid from pg_catalog.pg_class where relkind = 'S')
  loop
    perform public.cortex_revoke(format('sequence %s', r_sequence));
    if p_privileges is not null then
      execute format('grant usage on sequence %s to cortex_app', r_sequence);
    end if;
  end loop;
  if p_privileges is not null then
    execute format('grant %s on table %s to cortex_app', p_privileges, p_table);
    execute format(
      'create policy tenant_isolation on %s to cortex_app'
      ' using (tenant_id = nullif(current_setting(''cortex.tenant_id'', true), ''''))'
      ' with check (tenant_id = nullif(current_setting(''cortex.tenant_id'', true), ''''))',
      p_table);
  end if;
end
$$;

-- The company of rows from before companies were written down: a company's database holds its own rows only, so it is the
-- one that the deployment serves, which the runner names.
create or replace function cortex_company_of_old_rows()
  returns text language plpgsql set search_path = '' as $$
declare
  v_company text := nullif(current_setting('cortex.company_id', true), '');
begin
  if v_company is null then
    raise exception 'rows without company are waiting for one, and cortex.company_id is not set'
      using hint = 'Run this migration by cortex migrate, or set cortex.company_id to the company''s id first.';
  end if;
  return v_company;
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

select cortex_wall_function('cortex_company_of_old_rows()');
select cortex_wall_function('cortex_drop_constraint(regclass, "char", name[])');
select cortex_wall_function('cortex_revoke(text)');
select cortex_wall_function('cortex_wall_function(regprocedure, name[])');
select cortex_wall_function('cortex_wall(regclass, text)');

create table if not exists connections (
  id bigserial primary key,
  tenant_id text not null,
  provider_key text not null,
  connection_id text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  can_manual_sync boolean default true,
  initial_sync_completed boolean default false,
  initial_sync_started_at timestamptz,
  initial_sync_completed_at timestamptz,
  sync_lock_reason text,
  constraint connections_tenant_id_provider_key_key unique (tenant_id, provider_key)
);
create index if not exists idx_connections_tenant on connections (tenant_id);
create index if not exists idx_connections_sync_lock on connections (tenant_id, provider_key, can_manual_sync);

create table if not exists documents (
  id bigserial primary key,
  tenant_id text not null,
  source text not null,
  source_id text not null,
  document_type text not null,
  title text not null,
  content text not null,
  raw_data jsonb,
  file_type text,
  file_size bigint,
  file_url text,
  source_created_at timestamptz,
  source_modified_at timestamptz,
  ingested_at timestamptz default now(),
  metadata jsonb default '{}',
  content_hash text,
  file_size_bytes bigint,
  mime_type text,
  parent_document_id bigint references documents (id),
  urgency_level text,
  alert_category text,
  entity_mentions jsonb default '[]',
  urgency_detected_at timestamptz,
  constraint documents_tenant_id_source_source_id_key unique (tenant_id, source, source_id)
);
create index if not exists idx_documents_tenant on documents (tenant_id);
create index if not exists idx_documents_source on documents (source);
create index if not exists idx_documents_content_hash on documents (tenant_id, content_hash);
create index if not exists idx_documents_created on documents (source_created_at desc);
create index if not exists idx_documents_metadata on documents using gin (metadata);

create table if not exists sync_jobs (
  id uuid primary key default gen_random_uuid(),
  user_id text not null,
  job_type text not null,
  status text not null default 'queued',
  started_at timestamp,
  completed_at timestamp,
  error_message text,
  result jsonb,
  created_at timestamp default now()
);
create index if not exists idx_sync_jobs_user on sync_jobs (user_id);
create index if not exists idx_sync_jobs_status on sync_jobs (status);
create index if not exists idx_sync_jobs_created on sync_jobs (created_at desc);

create table if not exists nango_sync_cursors (
  id uuid primary key default gen_random_uuid(),
  provider varchar(50) not null,
  sync_name varchar(100) not null,
  connection_id varchar(255) not null,
  last_cursor text,
  last_sync_at timestamptz,
  records_synced integer default 0,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  unique (provider, sync_name, connection_id)
);

create table if not exists gmail_cursors (
  id bigserial primary key,
  tenant_id text not null,
  provider_key text not null,
  cursor text not null,
  last_synced_at timestamptz not null default now(),
  unique (tenant_id, provider_key)
);

create table if not exists user_cursors (
  id bigserial primary key,
  tenant_id text not null,
  provider_key text not null,
  user_id text not null,
  user_principal_name text not null,
  delta_link text not null,
  last_synced_at timestamptz default now(),
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  unique (tenant_id, provider_key, user_id)
);

create table if not exists chats (
  id uuid primary key default gen_random_uuid(),
  company_id text not null,
  user_email text not null,
  title text,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
comment on column chats.user_email is 'Holds the user''s id, in spite of its name';

create table if not exists chat_messages (
  id uuid primary key default gen_random_uuid(),
  chat_id uuid references chats (id) on delete cascade,
  role text not null check (role in ('user', 'assistant')),
  content text not null,
  sources jsonb,
  created_at timestamptz default now()
);

create table if not exists admin_sessions (
  id uuid primary key default gen_random_uuid(),
  session_token text not null unique,
  created_at timestamp default now(),
  expires_at timestamp not null,
  ip_address text,
  user_agent text
);

create table if not exists admin_audit_log (
  id uuid primary key default gen_random_uuid(),
  session_id uuid references admin_sessions (id),
  action text not null,
  resource_type text,
  resource_id text,
  details jsonb,
  ip_address text,
  created_at timestamp default now()
);

select cortex_wall('connections', 'select, insert, update, delete');
select cortex_wall('documents', 'select, insert, update, delete');
select cortex_wall('gmail_cursors', 'select, insert, update, delete');
select cortex_wall('user_cursors', 'select, insert, update, delete');
-- These have no company yet; the migrations that give them one open them to it.
select cortex_wall('sync_jobs', null);
select cortex_wall('nango_sync_cursors', null);
select cortex_wall('chats', null);
select cortex_wall('chat_messages', null);
select cortex_wall('admin_sessions', null);
select cortex_wall('admin_audit_log', null);

-- The service asks which migrations have run before anything else: the one table that it reads without context.
alter table __diesel_schema_migrations enable row level security;
select cortex_revoke('table public.__diesel_schema_migrations');
grant select on table __diesel_schema_migrations to cortex_app;
drop policy if exists readable_by_the_service on __diesel_schema_migrations;
create policy readable_by_the_service on __diesel_schema_migrations for select to cortex_app using (true);
