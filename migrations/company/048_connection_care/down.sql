drop table upkeep_turns;
drop table broker_removals;
alter table connections drop column follow_up;
