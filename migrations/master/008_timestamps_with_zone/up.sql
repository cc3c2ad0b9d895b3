-- Times without zone were written in UTC. With the session in UTC the change of type rewrites no table.
set local timezone = 'UTC';

alter table companies
  alter column created_at type timestamptz,
  alter column activated_at type timestamptz,
  alter column trial_ends_at type timestamptz,
  alter column last_sync_at type timestamptz;
alter table master_admins
  alter column last_login_at type timestamptz,
  alter column created_at type timestamptz,
  alter column updated_at type timestamptz;
alter table audit_log_global
  alter column created_at type timestamptz;
