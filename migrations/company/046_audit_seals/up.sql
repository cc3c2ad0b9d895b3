-- The chain: a seal for each audit row, in the order of sealing, each with the hash of the one before it. The first seal
-- of a company stands for all rows that were there before there were seals.
create table admin_audit_seals (
  tenant_id text not null,
  seq bigint not null check (seq >= 0),
  audit_id uuid,
  covered bigint,
  previous bytea not null,
  hash bytea not null,
  primary key (tenant_id, seq),
  constraint unique_sealed_audit unique (tenant_id, audit_id),
  constraint sealed_row_or_past check ((audit_id is null) = (seq = 0) and (covered is null) = (seq > 0))
);
create trigger append_only before update or delete or truncate on admin_audit_seals
  for each statement execute function cortex_refuse_change();
select cortex_wall('admin_audit_seals', 'select, insert');

-- The seal of the past: how many rows there are, and a hash over all of them in the order of their ids. The service
-- computes the same from the rows (cortex_identity::model::audit), and a row that comes later is not one of them.
do $$
declare
  r_company record;
  r_row record;
  v_hash bytea;
begin
  for r_company in
    select tenant_id, count(*) as rows from admin_audit_log where predates_seals group by tenant_id
  loop
    v_hash := decode(repeat('00', 32), 'hex');
    for r_row in
      select sha256(
        '\x0145'::bytea
        || cortex_audit_field(tenant_id) || cortex_audit_field(company_id) || cortex_audit_field(id::text)
        || cortex_audit_field(user_id) || cortex_audit_field(session_id::text) || cortex_audit_field(action)
        || cortex_audit_field(resource_type) || cortex_audit_field(resource_id) || cortex_audit_field(request_id)
        || cortex_audit_field(case when isfinite(created_at) then (extract(epoch from created_at) * 1000000)::bigint end::text)
        || cortex_audit_field(encode(address_digest, 'hex')) || cortex_audit_field(encode(agent_digest, 'hex'))
        || cortex_audit_field(encode(details_digest, 'hex'))
      ) as hash
      from admin_audit_log
      where predates_seals and tenant_id = r_company.tenant_id
      order by id
    loop
      v_hash := sha256(v_hash || r_row.hash);
    end loop;
    insert into admin_audit_seals (tenant_id, seq, covered, previous, hash)
    values (
      r_company.tenant_id, 0, r_company.rows, decode(repeat('00', 32), 'hex'),
      sha256(
        '\x0147'::bytea || cortex_audit_field(r_company.tenant_id) || cortex_audit_field(r_company.rows::text)
        || cortex_audit_field(encode(v_hash, 'hex'))
      )
    );
  end loop;
end
$$;

-- From now on the one change to a row is that what is personal in it is forgotten, as a whole, by the function below.
create or replace function cortex_guard_audit() returns trigger language plpgsql set search_path = '' as $$
declare
  v_before timestamptz := nullif(current_setting('cortex.forget_audit_before', true), '')::timestamptz;
  v_forgotten public.admin_audit_log := old;
begin
  v_forgotten.ip_address := null;
  v_forgotten.user_agent := null;
  v_forgotten.details := null;
  v_forgotten.salt := null;
  if v_before is not null and old.created_at < v_before and new is not distinct from v_forgotten then
    return new;
  end if;
  raise exception '% is append-only: its rows are neither changed nor deleted', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;

-- Forgets what is personal in at most p_most rows of the company that are older than p_before, and answers in how many.
-- The service may not update the log, so it does it through this function, which runs as the owner and therefore looks
-- itself whether the company is the one of the connection. A row tells up to which moment was forgotten: what is missing
-- from a younger row was taken away.
create function cortex_forget_audit_details(p_company text, p_before timestamptz, p_most integer)
  returns bigint language plpgsql security definer set search_path = '' as $$
declare
  v_company text := case when p_company = current_setting('cortex.tenant_id', true) then p_company end;
  v_told text := to_char(p_before at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
  v_forgotten bigint;
begin
  if p_before is null or p_before > now() - interval '1 day' or p_most is null or p_most not between 1 and 10000 then
    raise exception 'only rows older than a day are forgotten, and at most 10000 at once'
      using errcode = 'invalid_parameter_value';
  end if;
  perform set_config('cortex.forget_audit_before', p_before::text, true);
  update public.admin_audit_log
  set ip_address = null, user_agent = null, details = null, salt = null
  where id in (
    select id from public.admin_audit_log
    where tenant_id = v_company and salt is not null and created_at < p_before
    order by created_at limit p_most
    for update skip locked
  );
  get diagnostics v_forgotten = row_count;
  perform set_config('cortex.forget_audit_before', '', true);
  if v_forgotten > 0 and not exists (
    select from public.admin_audit_log
    where tenant_id = v_company and action = 'audit_details_forgotten' and resource_id = v_told
  ) then
    insert into public.admin_audit_log (tenant_id, action, resource_type, resource_id)
    values (v_company, 'audit_details_forgotten', 'admin_audit_log', v_told);
  end if;
  return v_forgotten;
end
$$;
select cortex_wall_function('cortex_forget_audit_details(text, timestamptz, integer)', '{cortex_app}');

-- No row is without a moment any more. A constraint that holds already spares the table a second look under lock, and the
-- lock comes last: what goes before takes as long as there are rows.
alter table admin_audit_log validate constraint admin_audit_log_created_at;
alter table admin_audit_log alter column created_at set not null;
alter table admin_audit_log drop constraint admin_audit_log_created_at;
