-- Which words of the lexicon stand in which mail. A row goes when its mail does; when a mail is read again, its rows are
-- written anew.
create table mail_signals (
  document_id bigint not null references mail_records (document_id) on delete cascade,
  keyword text not null,
  tenant_id text not null,
  category text not null check (category in ('complaint', 'urgency')),
  sent_at timestamptz not null,
  primary key (document_id, keyword)
);
create index idx_mail_signals_sent on mail_signals (tenant_id, sent_at desc, document_id desc);
select cortex_wall('mail_signals', 'select, insert, update, delete');
