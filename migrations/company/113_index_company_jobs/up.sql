create index concurrently if not exists idx_sync_jobs_of_company on sync_jobs (tenant_id, kind, (parameters ->> 'period')) where parameters ->> 'period' is not null;
