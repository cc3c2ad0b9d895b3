-- A job belongs to a company. A company's database holds its own jobs only, so the company of the rows that say none is
-- the one that this deployment serves; the runner names it in cortex.company_id.
alter table sync_jobs add column if not exists tenant_id text;

do $$
begin
  if exists (select from sync_jobs where tenant_id is null)
    and nullif(current_setting('cortex.company_id', true), '') is null then
    raise exception 'jobs without company are waiting for one, and cortex.company_id is not set'
      using hint = 'Run this migration by cortex migrate, or set cortex.company_id to the company''s id first.';
  end if;
end
$$;

update sync_jobs set tenant_id = current_setting('cortex.company_id', true) where tenant_id is null;
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
