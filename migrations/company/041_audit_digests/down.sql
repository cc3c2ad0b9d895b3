drop trigger unchanged on admin_audit_log;
drop function cortex_guard_audit();
drop trigger append_only on admin_audit_log;
create trigger append_only before update or delete or truncate on admin_audit_log
  for each statement execute function cortex_refuse_change();
drop trigger queue_for_seal on admin_audit_log;
drop function cortex_queue_for_seal();
drop table admin_audit_unsealed;
drop trigger digest_personal_details on admin_audit_log;
drop function cortex_digest_audit();
alter table admin_audit_log
  drop constraint admin_audit_log_created_at,
  drop column predates_seals,
  drop column details_digest,
  drop column agent_digest,
  drop column address_digest,
  drop column salt;
drop function cortex_audit_digest(bytea, text, text);
drop function cortex_audit_field(text);
