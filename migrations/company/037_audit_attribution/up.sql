-- Who did it, for which company, by which request. Rows are written once and never changed.
select cortex_drop_constraint('admin_audit_log', 'f', 'session_id');
-- Rows that are there read a constant default: there may be very many, and all who write wait for this.
do $$
declare
  v_company text := nullif(current_setting('cortex.company_id', true), '');
begin
  if v_company is null and exists (select from admin_audit_log) then
    v_company := cortex_company_of_old_rows();
  end if;
  execute format(
    'alter table admin_audit_log add column tenant_id text default %1$L, add column company_id text default %1$L', v_company);
end
$$;
alter table admin_audit_log
  alter column tenant_id drop default,
  alter column company_id drop default,
  add column user_id text,
  add column user_agent text,
  add column request_id text;
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
