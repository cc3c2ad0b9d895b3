drop table upkeep_turns;
drop table broker_removals;
alter table connections drop column fetch_failed_at, drop column fetched_at;
