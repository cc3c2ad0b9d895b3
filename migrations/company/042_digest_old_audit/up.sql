-- Rows from before get their salts and digests. There may be very many of them, so it happens in batches of their own
-- transactions. Run again after a failure it goes on where it stopped.
do $$
declare
  v_last uuid;
  v_ids uuid[];
begin
  loop
    perform set_config('cortex.digest_old_audit', 'on', true);
    select array_agg(id order by id) into v_ids
    from (
      select id from admin_audit_log where predates_seals and (v_last is null or id > v_last) order by id limit 2000
    ) batch;
    exit when v_ids is null;
    with salted as materialized (
      select id, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt from unnest(v_ids) as ids (id)
    )
    update admin_audit_log old
    set salt = salted.salt,
        address_digest = cortex_audit_digest(salted.salt, 'address', old.ip_address),
        agent_digest = cortex_audit_digest(salted.salt, 'agent', old.user_agent),
        details_digest = cortex_audit_digest(salted.salt, 'details', old.details::text),
        created_at = coalesce(old.created_at, '1970-01-01 00:00:00+00')
    from salted
    where old.id = salted.id and old.salt is null;
    v_last := v_ids[array_upper(v_ids, 1)];
    commit;
  end loop;
end
$$;
