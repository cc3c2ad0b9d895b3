-- The digests go with their columns.
select 1;
