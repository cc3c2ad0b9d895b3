drop table quarantined_connections;
drop index idx_connections_broker;
drop trigger set_status_without_user on connections;
drop function cortex_set_status_without_user();
alter table connections
  drop column status_changed_at,
  drop column reason,
  drop column status,
  drop column account_id,
  drop column account_email;
