-- Jobs that belong to the company and read no account: they have a period in place of a connection. It stands in the
-- parameters, which every row has: a new column would change what `select *` means to programs that prepared it before.
alter table sync_jobs
  add constraint sync_jobs_company_check
  check (
    (coalesce(kind, '') in ('summaries', 'alert_rules', 'daily_reports')) = (parameters ->> 'period' is not null)
    and (
      parameters ->> 'period' is null
      or (connection_id is null and char_length(parameters ->> 'period') between 1 and 40)
    )
  ) not valid;
