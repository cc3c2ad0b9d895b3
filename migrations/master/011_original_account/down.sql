-- Names stay as they are: the one name of a provider was always among its spellings.
drop function cortex_provider_name(text);
alter table nango_original_connections drop column account_id;
