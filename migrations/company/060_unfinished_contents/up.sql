-- Records of which something could not be had so far, and when it is asked for again. What is kept of them are their fields
-- without their texts. Without a list of attachments everything lacks; else these files of a message that is there.
create table unfinished_contents (
  id bigserial primary key,
  tenant_id text not null,
  user_id text not null,
  connection_id bigint not null references connections (id) on delete cascade,
  model text not null,
  variant text not null,
  record_key text not null,
  record jsonb not null,
  fingerprint text not null,
  message_key text,
  attachments text[],
  attempts integer not null,
  next_at timestamptz not null,
  reason text not null,
  created_at timestamptz not null default now()
);
-- It begins with the connection, so that it serves the reference too.
create unique index unique_unfinished_content
  on unfinished_contents (connection_id, tenant_id, model, variant, record_key);
create index idx_unfinished_contents_due on unfinished_contents (tenant_id, connection_id, next_at);
select cortex_wall('unfinished_contents', 'select, insert, update, delete');
