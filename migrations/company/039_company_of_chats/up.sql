-- Chats named their company in a column of their own; the wall asks every table for the same one.
-- Rows that are there read a constant default, the deployment's company: only those of another one are written, while all
-- who chat wait for this.
do $$
declare
  v_company text := nullif(current_setting('cortex.company_id', true), '');
begin
  if v_company is null and (exists (select from chats) or exists (select from chat_messages)) then
    v_company := cortex_company_of_old_rows();
  end if;
  execute format('alter table chats add column tenant_id text default %L', v_company);
  execute format('alter table chat_messages add column tenant_id text default %L', v_company);
  update chats set tenant_id = company_id where company_id <> v_company;
  update chat_messages m
  set tenant_id = c.company_id
  from chats c where c.id = m.chat_id and c.company_id <> v_company;
end
$$;
alter table chats alter column tenant_id drop default;
alter table chat_messages alter column tenant_id drop default;
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
