-- Apart from 030, because looking at every row is long and asks for no lock that writers wait for.
alter table documents validate constraint documents_parent_document_id_fkey;
