drop table sync_turns;
