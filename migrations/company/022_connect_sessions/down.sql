drop table connect_sessions;
