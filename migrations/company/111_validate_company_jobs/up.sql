-- Apart from 110, because looking at every row is long and asks for no lock that writers wait for.
alter table sync_jobs validate constraint sync_jobs_company_check;
