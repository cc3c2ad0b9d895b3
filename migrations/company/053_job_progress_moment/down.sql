alter table sync_jobs drop column progressed_at;
