-- The provider's own stable id of the account, where it has one: an e-mail address can be renamed.
alter table nango_original_connections add column if not exists account_id text;

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

-- Where two spellings of one provider stand side by side, renaming one would make them collide: both are left.
update nango_original_connections old
set provider = cortex_provider_name(old.provider)
where old.provider <> cortex_provider_name(old.provider)
  and not exists (
    select from nango_original_connections other
    where other.company_id = old.company_id and other.tenant_id = old.tenant_id and other.id <> old.id
      and cortex_provider_name(other.provider) = cortex_provider_name(old.provider)
  );
