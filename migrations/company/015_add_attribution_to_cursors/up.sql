-- A cursor belongs to one person's connection and to one model of its records: two people never share one.
alter table nango_sync_cursors
  add column if not exists tenant_id text,
  add column if not exists user_id text,
  add column if not exists model text,
  add column if not exists variant text not null default 'base';
alter table gmail_cursors
  add column if not exists user_id text;

-- A cursor goes on where its connection has a known owner, and where the provider had one model only, so that there is
-- no doubt of which records it counts. Every other one stays as a row that nothing reads: its run starts over.
update nango_sync_cursors cursors
set tenant_id = owners.tenant_id,
    user_id = owners.user_id,
    model = case
      when owners.provider_key in ('gmail', 'google-mail') then 'GmailEmail'
      when owners.provider_key in ('outlook', 'microsoft') then 'OutlookEmail'
      when owners.provider_key in ('google_drive', 'google-drive', 'googledrive', 'drive') then 'DriveFile'
    end
from connections owners
where owners.connection_id = cursors.connection_id and owners.user_id is not null and cursors.tenant_id is null
  and not exists (
    select from nango_sync_cursors twin where twin.connection_id = cursors.connection_id and twin.id <> cursors.id
  )
  and not exists (
    select from connections twin where twin.connection_id = owners.connection_id and twin.id <> owners.id
  );

update nango_sync_cursors set tenant_id = cortex_company_of_old_rows() where tenant_id is null;
alter table nango_sync_cursors alter column tenant_id set not null;

select cortex_drop_constraint('nango_sync_cursors', 'u', 'provider', 'sync_name', 'connection_id');
alter table nango_sync_cursors drop constraint if exists unique_user_model_cursor;
alter table nango_sync_cursors
  add constraint unique_user_model_cursor unique (tenant_id, user_id, connection_id, model, variant);
create index if not exists idx_nango_sync_cursors_tenant on nango_sync_cursors (tenant_id);

select cortex_drop_constraint('gmail_cursors', 'u', 'tenant_id', 'provider_key');
alter table gmail_cursors drop constraint if exists unique_user_gmail_cursor;
alter table gmail_cursors
  add constraint unique_user_gmail_cursor unique (tenant_id, provider_key, user_id);

select cortex_wall('nango_sync_cursors', 'select, insert, update, delete');
