-- Chats named their company in a column of their own; the wall asks every table for the same one.
alter table chats add column tenant_id text;
alter table chat_messages add column tenant_id text;

update chats set tenant_id = company_id;
update chat_messages m
set tenant_id = coalesce(
  (select c.company_id from chats c where c.id = m.chat_id), cortex_company_of_old_rows());
alter table chats alter column tenant_id set not null;
alter table chat_messages alter column tenant_id set not null;

-- Whoever knows the old columns only goes on writing them. Both names of a chat's company cannot differ, and a message is
-- of its chat's company.
create function cortex_set_company_of_chat() returns trigger language plpgsql set search_path = '' as $$
begin
  new.tenant_id := new.company_id;
  return new;
end
$$;
select cortex_wall_function('cortex_set_company_of_chat()');
create trigger set_company before insert or update of company_id, tenant_id on chats
  for each row execute function cortex_set_company_of_chat();

create function cortex_set_company_of_message() returns trigger language plpgsql set search_path = '' as $$
begin
  new.tenant_id := coalesce(new.tenant_id, (select c.tenant_id from public.chats c where c.id = new.chat_id));
  return new;
end
$$;
select cortex_wall_function('cortex_set_company_of_message()');
create trigger set_company before insert on chat_messages
  for each row execute function cortex_set_company_of_message();

create index idx_chats_owner on chats (tenant_id, user_email, updated_at desc);
create index idx_chat_messages_chat on chat_messages (chat_id, created_at);

select cortex_wall('chats', 'select, insert, update, delete');
select cortex_wall('chat_messages', 'select, insert, update, delete');
