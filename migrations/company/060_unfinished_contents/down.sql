drop table unfinished_contents;
