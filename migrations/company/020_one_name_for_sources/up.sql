-- Old documents name their provider in old spellings. There may be very many of them, so they are renamed in small batches
-- of their own transactions; one that would collide with a document under another spelling is left. Run again after a
-- failure it goes on where it stopped.
do $$
declare
  r_old record;
  v_last bigint;
  v_ids bigint[];
begin
  for r_old in
    select s.spelling, cortex_provider_name(s.spelling) as provider, array_agg(twin.spelling) as spellings
    from unnest(array['google-mail', 'microsoft', 'google-drive', 'googledrive', 'drive', 'qbo', 'intuit']) s (spelling)
    join unnest(array['gmail', 'google-mail', 'outlook', 'microsoft', 'google_drive', 'google-drive', 'googledrive',
      'drive', 'quickbooks', 'qbo', 'intuit']) twin (spelling)
      on cortex_provider_name(twin.spelling) = cortex_provider_name(s.spelling)
    group by s.spelling
  loop
    v_last := 0;
    loop
      select array_agg(id order by id) into v_ids
      from (select id from documents where source = r_old.spelling and id > v_last order by id limit 1000) batch;
      exit when v_ids is null;
      -- All spellings by name, so that the key of documents finds the other one.
      update documents old
      set source = r_old.provider
      where old.id = any (v_ids) and old.source = r_old.spelling
        and not exists (
          select from documents other
          where other.tenant_id = old.tenant_id and other.source = any (r_old.spellings)
            and other.source_id = old.source_id and other.id <> old.id
        );
      v_last := v_ids[array_upper(v_ids, 1)];
      commit;
    end loop;
  end loop;
end
$$;
