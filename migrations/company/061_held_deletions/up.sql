-- Deletions that a job read and that are held back until somebody decides: they would end most of what the connection
-- brought in, and an empty answer of a provider is not a wish to delete. While one is pending, records counts those that
-- are still held; it is settled once nothing is left to be done.
create table held_deletions (
  id bigserial primary key,
  tenant_id text not null,
  user_id text not null,
  connection_id bigint not null references connections (id) on delete cascade,
  provider text not null,
  model text not null,
  variant text not null,
  job_id uuid not null,
  state text not null default 'pending' check (state in ('pending', 'confirmed', 'rejected')),
  records bigint not null,
  documents_removed bigint not null default 0,
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  decided_by text,
  settled_at timestamptz
);
-- It begins with the connection, so that it serves the reference while something is to be decided.
create unique index unique_pending_deletion
  on held_deletions (connection_id, tenant_id, model, variant, job_id) where state = 'pending';
create index idx_held_deletions_open on held_deletions (tenant_id, connection_id) where settled_at is null;
select cortex_wall('held_deletions', 'select, insert, update, delete');

-- The records of one, each until it comes back or the decision is carried out.
create table held_deletion_records (
  tenant_id text not null,
  held_deletion_id bigint not null references held_deletions (id) on delete cascade,
  source text not null,
  source_account text not null,
  source_id text not null,
  primary key (held_deletion_id, source, source_account, source_id)
);
select cortex_wall('held_deletion_records', 'select, insert, update, delete');
