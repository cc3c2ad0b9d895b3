create index concurrently if not exists idx_sync_jobs_latest on sync_jobs (tenant_id, user_id, job_type, created_at desc);
