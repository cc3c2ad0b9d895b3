-- A job belongs to a company.
alter table sync_jobs add column if not exists tenant_id text;
update sync_jobs set tenant_id = cortex_company_of_old_rows() where tenant_id is null;
alter table sync_jobs alter column tenant_id set not null;

-- Whoever ran them is gone, and nothing of them can be taken up again.
update sync_jobs
set status = 'failed', error_message = 'superseded_by_upgrade',
    completed_at = coalesce(completed_at, now() at time zone 'UTC')
where status in ('queued', 'running');

create index if not exists idx_sync_jobs_tenant on sync_jobs (tenant_id);
create index if not exists idx_sync_jobs_tenant_user on sync_jobs (tenant_id, user_id);
create index if not exists idx_sync_jobs_tenant_status on sync_jobs (tenant_id, status);

select cortex_wall('sync_jobs', 'select, insert, update, delete');
