-- A provider has one name; people and older programs spelt it in many ways. Null for what is no provider of ours.
create or replace function cortex_provider_name(p_spelling text)
  returns text language sql immutable set search_path = '' as $$
  select case p_spelling
    when 'gmail' then 'gmail' when 'google-mail' then 'gmail'
    when 'outlook' then 'outlook' when 'microsoft' then 'outlook'
    when 'google_drive' then 'google_drive' when 'google-drive' then 'google_drive'
    when 'googledrive' then 'google_drive' when 'drive' then 'google_drive'
    when 'quickbooks' then 'quickbooks' when 'qbo' then 'quickbooks' when 'intuit' then 'quickbooks'
  end
$$;

select cortex_wall_function('cortex_provider_name(text)');

-- There may be many jobs, and nobody changes those that are over: they come first, so that nobody waits for a row of the
-- others meanwhile.
update sync_jobs set job_type = cortex_provider_name(job_type) where job_type <> cortex_provider_name(job_type);

-- Where two spellings of one provider stand side by side for the same owner, renaming one would make them collide: both
-- are left.
update connections old
set provider_key = cortex_provider_name(old.provider_key)
where old.provider_key <> cortex_provider_name(old.provider_key)
  and not exists (
    select from connections other
    where other.tenant_id = old.tenant_id and other.user_id is not distinct from old.user_id and other.id <> old.id
      and cortex_provider_name(other.provider_key) = cortex_provider_name(old.provider_key)
  );
update gmail_cursors old
set provider_key = cortex_provider_name(old.provider_key)
where old.provider_key <> cortex_provider_name(old.provider_key)
  and not exists (
    select from gmail_cursors other
    where other.tenant_id = old.tenant_id and other.user_id is not distinct from old.user_id and other.id <> old.id
      and cortex_provider_name(other.provider_key) = cortex_provider_name(old.provider_key)
  );
update user_cursors old
set provider_key = cortex_provider_name(old.provider_key)
where old.provider_key <> cortex_provider_name(old.provider_key)
  and not exists (
    select from user_cursors other
    where other.tenant_id = old.tenant_id and other.user_id = old.user_id and other.id <> old.id
      and cortex_provider_name(other.provider_key) = cortex_provider_name(old.provider_key)
  );
-- It has the provider in no key.
update nango_sync_cursors set provider = cortex_provider_name(provider) where provider <> cortex_provider_name(provider);
