-- Documents that differ in their account only have no place below this migration.
do $$
begin
  if exists (select from documents group by tenant_id, source, source_id having count(*) > 1) then
    raise exception 'documents of several accounts share a source id: they cannot be told apart below this migration'
      using hint = 'Stay on this version, or delete the documents of all but one account first.';
  end if;
end
$$;
alter table documents
  add constraint documents_tenant_id_source_source_id_key unique (tenant_id, source, source_id);
