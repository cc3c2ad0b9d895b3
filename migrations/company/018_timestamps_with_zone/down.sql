set local timezone = 'UTC';

alter table admin_audit_log
  alter column created_at type timestamp;
alter table admin_sessions
  alter column created_at type timestamp,
  alter column expires_at type timestamp;
alter table sync_jobs
  alter column started_at type timestamp,
  alter column completed_at type timestamp,
  alter column created_at type timestamp;
