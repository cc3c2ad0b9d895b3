drop table webhook_inbox;
