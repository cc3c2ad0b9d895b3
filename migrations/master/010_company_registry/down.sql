alter table companies drop constraint valid_database_url_ref;
alter table companies drop column database_url_ref;
