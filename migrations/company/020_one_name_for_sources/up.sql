-- Old documents name their provider in old spellings. There may be very many of them, so they are renamed in batches of
-- their own transactions; one that would collide with a document under the new name is left. Run again after a failure
-- it goes on where it stopped.
do $$
declare
  v_last bigint := 0;
  v_ids bigint[];
begin
  loop
    select array_agg(id order by id) into v_ids
    from (select id from documents where id > v_last order by id limit 5000) batch;
    exit when v_ids is null;
    update documents old
    set source = cortex_provider_name(old.source)
    where old.id = any (v_ids) and old.source <> cortex_provider_name(old.source)
      and not exists (
        select from documents other
        where other.tenant_id = old.tenant_id and other.source_id = old.source_id and other.id <> old.id
          and cortex_provider_name(other.source) = cortex_provider_name(old.source)
      );
    v_last := v_ids[array_upper(v_ids, 1)];
    commit;
  end loop;
end
$$;
