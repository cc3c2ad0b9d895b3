do $$
begin
  if exists (select from documents where blob_key is not null) or exists (select from blob_chunks) then
    raise exception 'the original files of documents would be lost'
      using hint = 'Stay on this version, or delete the documents that have files first.';
  end if;
end
$$;

drop trigger follow_blob_of_gone on documents;
drop trigger follow_blob_of_changed on documents;
drop trigger follow_blob_of_new on documents;
drop function cortex_follow_blob();
drop table blob_removals;
drop table blob_chunks;
alter table documents drop column blob_key;
