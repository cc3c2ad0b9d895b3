-- Nobody below could run them, show them or tell what they are, and what they made stands elsewhere.
delete from sync_jobs where parameters ->> 'period' is not null;
alter table sync_jobs drop constraint sync_jobs_company_check;
