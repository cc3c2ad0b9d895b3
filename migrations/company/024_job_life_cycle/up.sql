-- From a log of what ran, sync_jobs becomes the queue that is run from.
alter table sync_jobs
  add column connection_id bigint references connections (id) on delete set null,
  add column kind text,
  add column triggered_by text,
  add column trigger text check (trigger in ('user', 'admin', 'webhook', 'schedule', 'reconnect')),
  add column parameters jsonb not null default '{}',
  add column progress jsonb not null default '{}',
  add column attempt integer not null default 0,
  add column max_attempts integer not null default 5 check (max_attempts > 0),
  add column run_after timestamptz not null default now(),
  add column rerun_requested boolean not null default false,
  add column cancel_requested_at timestamptz,
  add column error_code text,
  add column lease_owner text,
  add column lease_epoch bigint not null default 0,
  add column lease_until timestamptz;

update sync_jobs set error_code = error_message where error_message = 'superseded_by_upgrade';

-- Rows from before have no kind: they were written by programs with states of their own.
alter table sync_jobs
  add constraint sync_jobs_status_check
  check (kind is null or status in ('queued', 'running', 'completed', 'failed', 'cancelled'));
alter table sync_jobs
  add constraint sync_jobs_lease_check
  check (kind is null or status <> 'running' or (lease_owner is not null and lease_until is not null));

create unique index unique_live_job on sync_jobs (tenant_id, connection_id, kind) where status in ('queued', 'running');
create index idx_sync_jobs_queued on sync_jobs (tenant_id, run_after, created_at) where status = 'queued';
create index idx_sync_jobs_running on sync_jobs (tenant_id, lease_until) where status = 'running';
create index idx_sync_jobs_tenant_created on sync_jobs (tenant_id, created_at desc, id);
create index idx_sync_jobs_connection on sync_jobs (connection_id);
