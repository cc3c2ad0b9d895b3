-- Nobody is left to run them.
update sync_jobs
set status = 'failed', error_message = 'superseded_by_downgrade', completed_at = now()
where status in ('queued', 'running');

drop index idx_sync_jobs_connection;
drop index idx_sync_jobs_tenant_created;
drop index idx_sync_jobs_running;
drop index idx_sync_jobs_queued;
drop index unique_live_job;
alter table sync_jobs
  drop constraint sync_jobs_lease_check,
  drop constraint sync_jobs_status_check;
alter table sync_jobs
  drop column lease_until,
  drop column lease_epoch,
  drop column lease_owner,
  drop column error_code,
  drop column cancel_requested_at,
  drop column rerun_requested,
  drop column run_after,
  drop column max_attempts,
  drop column attempt,
  drop column progress,
  drop column parameters,
  drop column trigger,
  drop column triggered_by,
  drop column kind,
  drop column connection_id;
