set local timezone = 'UTC';

alter table audit_log_global
  alter column created_at type timestamp;
alter table master_admins
  alter column last_login_at type timestamp,
  alter column created_at type timestamp,
  alter column updated_at type timestamp;
alter table companies
  alter column created_at type timestamp,
  alter column activated_at type timestamp,
  alter column trial_ends_at type timestamp,
  alter column last_sync_at type timestamp;
