-- Names stay as they are: the one name of a provider was always among its spellings.
select 1;
