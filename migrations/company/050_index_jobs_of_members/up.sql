create index concurrently if not exists idx_sync_jobs_of_member on sync_jobs (tenant_id, user_id, created_at desc, id);
