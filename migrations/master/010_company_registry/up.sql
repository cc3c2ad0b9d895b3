-- Where a company's own database is: never the URL itself, which holds a password, but the name of the variable or file
-- that does.
alter table companies add column if not exists database_url_ref text;
alter table companies drop constraint if exists valid_database_url_ref;
alter table companies
  add constraint valid_database_url_ref check (database_url_ref ~ '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$');
