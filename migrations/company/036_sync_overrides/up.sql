-- Leave, or refusal, to start an initial sync again. Null stands for every user, or every provider. A leave is used up.
create table sync_overrides (
  id bigserial primary key,
  tenant_id text not null,
  user_id text,
  provider text,
  allow boolean not null,
  reason text not null,
  by text not null,
  created_at timestamptz not null default now(),
  consumed_at timestamptz
);
create unique index unique_open_override on sync_overrides (tenant_id, user_id, provider) nulls not distinct
  where consumed_at is null;
select cortex_wall('sync_overrides', 'select, insert, update, delete');
