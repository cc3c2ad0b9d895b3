-- Where a company's own database is: never the URL itself, which holds a password, but the name of the variable or file
-- that does.
alter table companies add column if not exists database_url_ref text;
alter table companies drop constraint if exists valid_database_url_ref;
alter table companies
  add constraint valid_database_url_ref check (database_url_ref ~ '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$');

-- Other companies' databases are none of the service's business; it has no use for its own reference either.
revoke select on table companies from cortex_app;
grant select (
  id, slug, name, status, plan, backend_url, frontend_url, created_at, activated_at, trial_ends_at, last_sync_at
) on table companies to cortex_app;
