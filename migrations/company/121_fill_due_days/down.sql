-- The days go with their column.
select 1;
