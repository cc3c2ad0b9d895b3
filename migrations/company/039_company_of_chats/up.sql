-- Chats named their company in a column of their own; the wall asks every table for the same one.
alter table chats add column tenant_id text generated always as (company_id) stored;
alter table chat_messages add column tenant_id text;

update chat_messages m
set tenant_id = coalesce(
  (select c.company_id from chats c where c.id = m.chat_id), cortex_company_of_old_rows());
alter table chat_messages alter column tenant_id set not null;

create index idx_chats_owner on chats (tenant_id, user_email, updated_at desc);
create index idx_chat_messages_chat on chat_messages (chat_id, created_at);

select cortex_wall('chats', 'select, insert, update, delete');
select cortex_wall('chat_messages', 'select, insert, update, delete');
