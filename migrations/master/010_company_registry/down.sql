revoke select (
  id, slug, name, status, plan, backend_url, frontend_url, created_at, activated_at, trial_ends_at, last_sync_at
) on table companies from cortex_app;
grant select on table companies to cortex_app;
alter table companies drop constraint valid_database_url_ref;
alter table companies drop column database_url_ref;
