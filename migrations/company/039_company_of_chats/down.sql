select cortex_wall('chat_messages', null);
select cortex_wall('chats', null);
drop index idx_chat_messages_chat;
drop index idx_chats_owner;
alter table chat_messages drop column tenant_id;
alter table chats drop column tenant_id;
