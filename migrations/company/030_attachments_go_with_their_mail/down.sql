alter table documents drop constraint documents_parent_document_id_fkey;
alter table documents
  add constraint documents_parent_document_id_fkey
  foreign key (parent_document_id) references documents (id) not valid;
alter table documents validate constraint documents_parent_document_id_fkey;
