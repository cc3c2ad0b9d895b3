alter table documents drop column if exists superseded_at;
