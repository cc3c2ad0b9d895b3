-- Below this migration a connection has one cursor a sync, and a company one Gmail cursor. The others would be in the
-- way of the old keys, and they are worth no more than a run that starts over.
delete from nango_sync_cursors cursors
using nango_sync_cursors newer
where newer.provider = cursors.provider and newer.sync_name = cursors.sync_name
  and newer.connection_id = cursors.connection_id
  and (coalesce(newer.updated_at, '-infinity'), newer.id) > (coalesce(cursors.updated_at, '-infinity'), cursors.id);
delete from gmail_cursors cursors
using gmail_cursors newer
where newer.tenant_id = cursors.tenant_id and newer.provider_key = cursors.provider_key
  and (newer.last_synced_at, newer.id) > (cursors.last_synced_at, cursors.id);

select cortex_wall('nango_sync_cursors', null);
alter table gmail_cursors drop constraint unique_user_gmail_cursor;
alter table gmail_cursors
  add constraint gmail_cursors_tenant_id_provider_key_key unique (tenant_id, provider_key);
drop index idx_nango_sync_cursors_tenant;
alter table nango_sync_cursors drop constraint unique_user_model_cursor;
alter table nango_sync_cursors
  add constraint nango_sync_cursors_provider_sync_name_connection_id_key unique (provider, sync_name, connection_id);
alter table gmail_cursors drop column user_id;
alter table nango_sync_cursors
  drop column variant,
  drop column model,
  drop column user_id,
  drop column tenant_id;
