-- Times without zone were written in UTC. With the session in UTC the change of type rewrites no table.
set local timezone = 'UTC';

alter table sync_jobs
  alter column started_at type timestamptz,
  alter column completed_at type timestamptz,
  alter column created_at type timestamptz;
alter table admin_sessions
  alter column created_at type timestamptz,
  alter column expires_at type timestamptz;
alter table admin_audit_log
  alter column created_at type timestamptz;
