-- Chats named their company in a column of their own; the wall asks every table for the same one.
alter table chats add column tenant_id text generated always as (company_id) stored;
alter table chat_messages add column tenant_id text;

do $$
begin
  if exists (select from chat_messages where chat_id is null)
    and nullif(current_setting('cortex.company_id', true), '') is null then
    raise exception 'messages without chat are waiting for a company, and cortex.company_id is not set'
      using hint = 'Run this migration by cortex migrate, or set cortex.company_id to the company''s id first.';
  end if;
end
$$;

update chat_messages m
set tenant_id = coalesce(
  (select c.company_id from chats c where c.id = m.chat_id), current_setting('cortex.company_id', true));
alter table chat_messages alter column tenant_id set not null;

create index idx_chats_owner on chats (tenant_id, user_email, updated_at desc);
create index idx_chat_messages_chat on chat_messages (chat_id, created_at);

select cortex_wall('chats', 'select, insert, update, delete');
select cortex_wall('chat_messages', 'select, insert, update, delete');
