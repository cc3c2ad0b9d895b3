do $$
begin
  if exists (select from admin_audit_seals where seq > 0) then
    raise exception 'the seals of the audit log would be lost'
      using hint = 'If nobody needs them any more, disable the trigger append_only of admin_audit_seals and empty it, '
        'and remove the company''s row of audit_heads from Master.';
  end if;
end
$$;

drop function cortex_forget_audit_details(text, timestamptz, integer);
create or replace function cortex_guard_audit() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.predates_seals and current_setting('cortex.digest_old_audit', true) = 'on' then
    return new;
  end if;
  raise exception '% is append-only: its rows are neither changed nor deleted', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
alter table admin_audit_log
  alter column created_at drop not null,
  add constraint admin_audit_log_created_at check (created_at is not null) not valid;
drop table admin_audit_seals;
