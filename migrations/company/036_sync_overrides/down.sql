drop table sync_overrides;
