-- Who did it, for which company, by which request. Rows are written once and never changed.
select cortex_drop_constraint('admin_audit_log', 'f', 'session_id');
alter table admin_audit_log
  add column tenant_id text,
  add column company_id text,
  add column user_id text,
  add column user_agent text,
  add column request_id text;

update admin_audit_log set tenant_id = cortex_company_of_old_rows();
update admin_audit_log set company_id = tenant_id;
alter table admin_audit_log
  alter column tenant_id set not null,
  alter column company_id set not null;

-- Both names are asked for, and they cannot differ.
create function cortex_set_company_of_audit() returns trigger language plpgsql set search_path = '' as $$
begin
  new.company_id := new.tenant_id;
  return new;
end
$$;
select cortex_wall_function('cortex_set_company_of_audit()');
create trigger set_company before insert on admin_audit_log
  for each row execute function cortex_set_company_of_audit();

create index idx_admin_audit_log_tenant on admin_audit_log (tenant_id, created_at desc, id);
create index idx_admin_audit_log_user on admin_audit_log (tenant_id, user_id, created_at desc);

create function cortex_refuse_change() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception '% is append-only: its rows are neither changed nor deleted', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
select cortex_wall_function('cortex_refuse_change()');

create trigger append_only before update or delete or truncate on admin_audit_log
  for each statement execute function cortex_refuse_change();

select cortex_wall('admin_audit_log', 'select, insert');
