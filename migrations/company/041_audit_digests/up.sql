-- Audit rows are going to be sealed in a chain of hashes, and some of what they say is personal and shall be forgotten
-- some day without breaking the chain. So address, agent and details enter the chain as digests, salted by a secret of
-- the row that is forgotten together with them: from then on nobody can try out what they were.

-- A value with its length, so that no two lists of values read the same. A missing value differs from an empty one.
create function cortex_audit_field(p_value text)
  returns bytea language sql immutable set search_path = '' as $$
  select coalesce(
    '\x01'::bytea || int4send(octet_length(convert_to(p_value, 'UTF8'))) || convert_to(p_value, 'UTF8'),
    '\x00'::bytea
  )
$$;

create function cortex_audit_digest(p_salt bytea, p_name text, p_value text)
  returns bytea language sql immutable set search_path = '' as $$
  select sha256(p_salt || public.cortex_audit_field(p_name) || public.cortex_audit_field(p_value))
$$;

-- Whoever writes audit rows computes them.
select cortex_wall_function('cortex_audit_field(text)', '{cortex_app}');
select cortex_wall_function('cortex_audit_digest(bytea, text, text)', '{cortex_app}');

-- Constant defaults rewrite no table: rows that are there already read as older than the seals.
alter table admin_audit_log
  add column salt bytea,
  add column address_digest bytea,
  add column agent_digest bytea,
  add column details_digest bytea,
  add column predates_seals boolean not null default true,
  add constraint admin_audit_log_created_at check (created_at is not null) not valid;
alter table admin_audit_log alter column predates_seals set default false;

-- No writer decides any of it, so the binary before this one writes complete rows too, and no row passes as an old one.
create function cortex_digest_audit() returns trigger language plpgsql set search_path = '' as $$
begin
  new.created_at := coalesce(new.created_at, now());
  new.predates_seals := false;
  new.salt := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
  new.address_digest := public.cortex_audit_digest(new.salt, 'address', new.ip_address);
  new.agent_digest := public.cortex_audit_digest(new.salt, 'agent', new.user_agent);
  new.details_digest := public.cortex_audit_digest(new.salt, 'details', new.details::text);
  return new;
end
$$;
select cortex_wall_function('cortex_digest_audit()');
create trigger digest_personal_details before insert on admin_audit_log
  for each row execute function cortex_digest_audit();

-- Which rows wait for their seal. The log itself is never updated, and asking it for rows without a seal would read all
-- of it; moments and numbers of rows tell nothing either, because transactions commit in any order.
create table admin_audit_unsealed (
  tenant_id text not null,
  number bigint generated always as identity,
  audit_id uuid not null,
  queued_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, number),
  constraint unique_unsealed_audit unique (tenant_id, audit_id)
);
select cortex_wall('admin_audit_unsealed', 'select, insert, delete');

create function cortex_queue_for_seal() returns trigger language plpgsql set search_path = '' as $$
begin
  insert into public.admin_audit_unsealed (tenant_id, audit_id) values (new.tenant_id, new.id);
  return null;
end
$$;
select cortex_wall_function('cortex_queue_for_seal()');
create trigger queue_for_seal after insert on admin_audit_log
  for each row execute function cortex_queue_for_seal();

-- Nothing is deleted. Until the next migrations are through, old rows may get their digests, and nothing else happens to
-- any row.
drop trigger append_only on admin_audit_log;
create trigger append_only before delete or truncate on admin_audit_log
  for each statement execute function cortex_refuse_change();
create function cortex_guard_audit() returns trigger language plpgsql set search_path = '' as $$
begin
  if old.predates_seals and current_setting('cortex.digest_old_audit', true) = 'on' then
    return new;
  end if;
  raise exception '% is append-only: its rows are neither changed nor deleted', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
select cortex_wall_function('cortex_guard_audit()');
create trigger unchanged before update on admin_audit_log
  for each row execute function cortex_guard_audit();
