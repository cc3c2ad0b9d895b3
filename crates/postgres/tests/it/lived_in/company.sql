-- A company's database as people made it by hand, before any migration of ours, with rows.
create table connections (
  id bigserial primary key, tenant_id text not null, provider_key text not null, connection_id text not null,
  created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  can_manual_sync boolean default true, initial_sync_completed boolean default false,
  initial_sync_started_at timestamptz, initial_sync_completed_at timestamptz, sync_lock_reason text,
  constraint connections_tenant_id_provider_key_key unique (tenant_id, provider_key));
create index idx_connections_tenant on connections (tenant_id);
create index idx_connections_sync_lock on connections (tenant_id, provider_key, can_manual_sync);
create table documents (
  id bigserial primary key, tenant_id text not null, source text not null, source_id text not null,
  document_type text not null, title text not null, content text not null, raw_data jsonb, file_type text,
  file_size bigint, file_url text, source_created_at timestamptz, source_modified_at timestamptz,
  ingested_at timestamptz default now(), metadata jsonb default '{}', content_hash text, file_size_bytes bigint,
  mime_type text, parent_document_id bigint references documents (id), urgency_level text, alert_category text,
  entity_mentions jsonb default '[]', urgency_detected_at timestamptz,
  constraint documents_tenant_id_source_source_id_key unique (tenant_id, source, source_id));
create index idx_documents_tenant on documents (tenant_id);
create index idx_documents_source on documents (source);
create index idx_documents_content_hash on documents (tenant_id, content_hash);
create index idx_documents_created on documents (source_created_at desc);
create index idx_documents_metadata on documents using gin (metadata);
create table sync_jobs (
  id uuid primary key default gen_random_uuid(), user_id text not null, job_type text not null,
  status text not null default 'queued', started_at timestamp, completed_at timestamp, error_message text, result jsonb,
  created_at timestamp default now());
create index idx_sync_jobs_user on sync_jobs (user_id);
create index idx_sync_jobs_status on sync_jobs (status);
create index idx_sync_jobs_created on sync_jobs (created_at desc);
create table nango_sync_cursors (
  id uuid primary key default gen_random_uuid(), provider varchar(50) not null, sync_name varchar(100) not null,
  connection_id varchar(255) not null, last_cursor text, last_sync_at timestamptz, records_synced integer default 0,
  created_at timestamptz default now(), updated_at timestamptz default now(),
  unique (provider, sync_name, connection_id));
create table gmail_cursors (
  id bigserial primary key, tenant_id text not null, provider_key text not null, cursor text not null,
  last_synced_at timestamptz not null default now(), unique (tenant_id, provider_key));
create table user_cursors (
  id bigserial primary key, tenant_id text not null, provider_key text not null, user_id text not null,
  user_principal_name text not null, delta_link text not null, last_synced_at timestamptz default now(),
  created_at timestamptz default now(), updated_at timestamptz default now(),
  unique (tenant_id, provider_key, user_id));
create table chats (
  id uuid primary key default gen_random_uuid(), company_id text not null, user_email text not null, title text,
  created_at timestamptz default now(), updated_at timestamptz default now());
create table chat_messages (
  id uuid primary key default gen_random_uuid(), chat_id uuid references chats (id) on delete cascade,
  role text not null check (role in ('user', 'assistant')), content text not null, sources jsonb,
  created_at timestamptz default now());
create table admin_sessions (
  id uuid primary key default gen_random_uuid(), session_token text not null unique, created_at timestamp default now(),
  expires_at timestamp not null, ip_address text, user_agent text);
create table admin_audit_log (
  id uuid primary key default gen_random_uuid(), session_id uuid references admin_sessions (id), action text not null,
  resource_type text, resource_id text, details jsonb, ip_address text, created_at timestamp default now());
create table daily_reports (id serial primary key, body text);

insert into connections (tenant_id, provider_key, connection_id, created_at) values
  ('0a0a0a0a-0000-4000-8000-00000000000a', 'google-mail', 'broker-gmail', '2025-03-01'),
  ('0a0a0a0a-0000-4000-8000-00000000000a', 'outlook', 'broker-outlook', '2025-04-01');
insert into documents (tenant_id, source, source_id, document_type, title, content, metadata) values
  ('0a0a0a0a-0000-4000-8000-00000000000a', 'gmail', 'gmail:thread:t1', 'email', 'Old thread', 'The last word', '{}'),
  ('0a0a0a0a-0000-4000-8000-00000000000a', 'googledrive', 'file-1', 'googledoc', 'Plan', 'The plan', '{}');
insert into sync_jobs (user_id, job_type, status, created_at) values
  ('0a0a0a0a-0000-4000-8000-00000000000a', 'google-mail', 'running', '2025-05-01 12:00:00'),
  ('somebody', 'outlook', 'completed', '2025-05-01 12:00:00');
insert into nango_sync_cursors (provider, sync_name, connection_id, last_cursor)
values ('outlook', 'emails', 'broker-outlook', 'outlook-cursor');
insert into gmail_cursors (tenant_id, provider_key, cursor)
values ('0a0a0a0a-0000-4000-8000-00000000000a', 'google-mail', 'gmail-cursor');
insert into chats (id, company_id, user_email, title)
values ('0a0a0a0a-0000-4000-8000-0000000000c1', '0a0a0a0a-0000-4000-8000-00000000000a',
        '0a0a0a0a-0000-4000-8000-0000000000a1', 'Cranes');
insert into chat_messages (chat_id, role, content)
values ('0a0a0a0a-0000-4000-8000-0000000000c1', 'user', 'Which crane is free?');
insert into admin_sessions (session_token, expires_at) values ('in the clear', now() + interval '1 hour');
insert into admin_audit_log (session_id, action) select id, 'login' from admin_sessions;
