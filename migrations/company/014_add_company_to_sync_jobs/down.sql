select cortex_wall('sync_jobs', null);
drop index idx_sync_jobs_tenant_status;
drop index idx_sync_jobs_tenant_user;
drop index idx_sync_jobs_tenant;
alter table sync_jobs drop column tenant_id;
