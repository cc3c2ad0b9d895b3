-- A job belongs to a company. A column that is made here is made full: rows that are there read its constant default, and
-- nothing is written while others wait. Where people made it by hand, what is missing is written before the first strong
-- lock.
do $$
declare
  v_company text := nullif(current_setting('cortex.company_id', true), '');
begin
  if exists (
    select from pg_attribute where attrelid = 'sync_jobs'::regclass and attname = 'tenant_id' and not attisdropped
  ) then
    update sync_jobs set tenant_id = cortex_company_of_old_rows() where tenant_id is null;
  else
    if v_company is null and exists (select from sync_jobs) then
      v_company := cortex_company_of_old_rows();
    end if;
    execute format('alter table sync_jobs add column tenant_id text default %L', v_company);
    alter table sync_jobs alter column tenant_id drop default;
  end if;
end
$$;
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
