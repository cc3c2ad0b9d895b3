-- How much each person brought in on each day, by the calendar of UTC: documents that were new, and bytes. What came in
-- before this table is not in it.
create table usage_days (
  tenant_id text not null,
  user_id text not null,
  day date not null,
  documents bigint not null default 0,
  bytes bigint not null default 0,
  primary key (tenant_id, user_id, day)
);
select cortex_wall('usage_days', 'select, insert, update, delete');
