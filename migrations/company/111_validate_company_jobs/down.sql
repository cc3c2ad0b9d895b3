-- A constraint that holds does no harm below.
select 1;
