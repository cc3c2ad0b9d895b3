-- 012 to 014 as people pasted them, and a connection that somebody made afterwards.
alter table connections
  add column user_id text, add column user_email text, add column connected_at timestamptz default now();
alter table connections drop constraint connections_tenant_id_provider_key_key;
alter table connections add constraint unique_user_provider_connection unique (tenant_id, provider_key, user_id);
create index idx_connections_user on connections (user_id);
create index idx_connections_tenant_user on connections (tenant_id, user_id);
alter table documents
  add column ingested_by_user_id text, add column ingested_by_user_email text, add column ingestion_method text;
create index idx_documents_ingested_by on documents (ingested_by_user_id);
create index idx_documents_tenant_user on documents (tenant_id, ingested_by_user_id);
alter table sync_jobs add column tenant_id text;
create index idx_sync_jobs_tenant on sync_jobs (tenant_id);
create index idx_sync_jobs_tenant_user on sync_jobs (tenant_id, user_id);
create index idx_sync_jobs_tenant_status on sync_jobs (tenant_id, status);

insert into connections (tenant_id, provider_key, connection_id, user_id, user_email, connected_at)
values ('0a0a0a0a-0000-4000-8000-00000000000a', 'google-mail', 'broker-ina', '0a0a0a0a-0000-4000-8000-0000000000a1',
        'ina@harbour.example', '2025-06-01');
insert into nango_sync_cursors (provider, sync_name, connection_id, last_cursor)
values ('gmail', 'emails', 'broker-ina', 'ina-cursor');
