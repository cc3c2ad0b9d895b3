-- Ids of QuickBooks repeat between realms and ids of Gmail between mailboxes: source_account tells them apart, and is
-- empty where ids are global.
alter table documents
  add column source_account text not null default '',
  add column message_key text,
  add column content_incomplete boolean not null default false;

-- Who brought a document in, by which connection and job, and when it vanished there. A message in two mailboxes is one
-- document with two sources, and goes when the last of them does.
create table document_sources (
  id bigserial primary key,
  tenant_id text not null,
  document_id bigint not null references documents (id) on delete cascade,
  user_id text not null,
  user_email text,
  connection_id bigint references connections (id) on delete set null,
  account_email text,
  job_id uuid,
  method text not null check (method in ('oauth_sync', 'manual_upload', 'api', 'webhook')),
  source text not null,
  source_account text not null default '',
  source_id text not null,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  vanished_at timestamptz
);
create unique index unique_document_source
  on document_sources (document_id, user_id, connection_id, source_id) nulls not distinct;
create index idx_document_sources_record on document_sources (tenant_id, connection_id, source, source_account, source_id);
create index idx_document_sources_user on document_sources (tenant_id, user_id, source);
create index idx_document_sources_connection on document_sources (connection_id);
select cortex_wall('document_sources', 'select, insert, update, delete');
