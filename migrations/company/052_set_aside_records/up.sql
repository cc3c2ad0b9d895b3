-- Records that could not be taken in, and why: nothing of what they say. Each is known by its id at the provider, or by
-- the broker's cursor of it where it has none. It goes when the record comes in or vanishes, and with its connection.
create table set_aside_records (
  id bigserial primary key,
  tenant_id text not null,
  user_id text not null,
  connection_id bigint not null references connections (id) on delete cascade,
  provider text not null,
  model text not null,
  variant text not null,
  record_key text not null,
  record_id text,
  reason text not null,
  job_id uuid not null,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now()
);
-- It begins with the connection, so that it serves the reference too. Everybody's are listed by the primary key.
create unique index unique_set_aside_record
  on set_aside_records (connection_id, tenant_id, model, variant, record_key);
create index idx_set_aside_records_of_member on set_aside_records (tenant_id, user_id, id desc);
select cortex_wall('set_aside_records', 'select, insert, update, delete');
