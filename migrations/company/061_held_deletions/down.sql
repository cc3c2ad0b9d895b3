drop table held_deletion_records;
drop table held_deletions;
