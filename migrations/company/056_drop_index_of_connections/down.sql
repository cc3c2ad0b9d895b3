create index concurrently if not exists idx_sync_jobs_connection on sync_jobs (connection_id);
