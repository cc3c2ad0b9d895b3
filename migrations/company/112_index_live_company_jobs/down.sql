drop index concurrently if exists unique_live_company_job;
