create index concurrently if not exists idx_sync_jobs_of_connection on sync_jobs (connection_id, created_at desc);
