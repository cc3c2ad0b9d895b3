drop table document_sources;
alter table documents
  drop column content_incomplete,
  drop column message_key,
  drop column source_account;
