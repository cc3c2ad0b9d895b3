-- Forgets address, agent and details in at most p_most rows of the company that are older than p_before, and answers in how
-- many. The service may not update the log, so it does it through this function, which runs as the owner and therefore
-- looks itself whether the company is the one of the connection. The company's own log holds copies of these rows.
create function cortex_forget_master_audit_details(p_company uuid, p_before timestamptz, p_most integer)
  returns bigint language plpgsql security definer set search_path = '' as $$
declare
  v_company uuid := case when p_company::text = current_setting('cortex.tenant_id', true) then p_company end;
  v_forgotten bigint;
begin
  if p_before is null or p_before > now() - interval '1 day' or p_most is null or p_most not between 1 and 10000 then
    raise exception 'only rows older than a day are forgotten, and at most 10000 at once'
      using errcode = 'invalid_parameter_value';
  end if;
  update public.audit_log_global
  set ip_address = null, user_agent = null, details = null
  where id in (
    select id from public.audit_log_global
    where company_id = v_company and created_at < p_before
      and (ip_address is not null or user_agent is not null or details is not null)
    order by created_at limit p_most
    for update skip locked
  );
  get diagnostics v_forgotten = row_count;
  return v_forgotten;
end
$$;
select cortex_wall_function('cortex_forget_master_audit_details(uuid, timestamptz, integer)', '{cortex_app}');
