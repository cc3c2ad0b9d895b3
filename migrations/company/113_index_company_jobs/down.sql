drop index concurrently if exists idx_sync_jobs_of_company;
