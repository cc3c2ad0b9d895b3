-- Which rules a company's alerts come from, each with its threshold: what it is counted in, the rule knows. Databases that
-- have lived hold tables called alert_… that are somebody else's, hence the names.
create table cortex_alert_rules (
  tenant_id text not null,
  rule text not null,
  threshold integer not null check (threshold >= 0),
  is_on boolean not null default true,
  primary key (tenant_id, rule)
);
select cortex_wall('cortex_alert_rules', 'select, insert, update, delete');

-- What rules found. An alert that is neither dismissed nor resolved is active.
create table cortex_alerts (
  id uuid primary key default gen_random_uuid(),
  tenant_id text not null,
  rule text not null,
  -- What it is about: a document, a thread, an address, a connection or a person, in the rule's words.
  subject text not null,
  -- What about the subject is the matter: under another mark it is another matter.
  mark text not null,
  -- 1 is low, 4 is critical.
  urgency smallint not null check (urgency between 1 and 4),
  summary text not null,
  key_entities text[] not null,
  document_id bigint references documents (id) on delete cascade,
  -- Whose account or usage it is about.
  user_id text,
  occurrences integer not null default 1,
  investigation_count integer not null default 0,
  detected_at timestamptz not null default now(),
  -- When a rule last found it.
  seen_at timestamptz not null default now(),
  resolved_at timestamptz,
  dismissed_at timestamptz,
  dismissed_by text,
  note text,
  constraint unique_alert unique (tenant_id, rule, subject),
  constraint cortex_alerts_end_check check (resolved_at is null or dismissed_at is null)
);
create index idx_cortex_alerts_active on cortex_alerts (tenant_id, urgency desc, detected_at desc, id)
  where resolved_at is null and dismissed_at is null;
create index idx_cortex_alerts_detected on cortex_alerts (tenant_id, detected_at desc, id desc);
create index idx_cortex_alerts_document on cortex_alerts (document_id) where document_id is not null;
select cortex_wall('cortex_alerts', 'select, insert, update, delete');
