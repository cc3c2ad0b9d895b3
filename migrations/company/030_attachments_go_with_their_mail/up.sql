select cortex_drop_constraint('documents', 'f', 'parent_document_id');
alter table documents
  add constraint documents_parent_document_id_fkey
  foreign key (parent_document_id) references documents (id) on delete cascade not valid;
