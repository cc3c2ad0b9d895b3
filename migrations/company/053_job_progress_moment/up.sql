-- When a page of the job last got on: how long it waits after the next failure depends on that, and not on its age.
alter table sync_jobs add column progressed_at timestamptz;
