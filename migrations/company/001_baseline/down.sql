-- Below the baseline there is nothing to go back to: an empty database is taken down, one with rows is kept.
do $$
declare
  r_table text;
  v_has_rows boolean;
begin
  foreach r_table in array array['connections', 'documents', 'sync_jobs', 'nango_sync_cursors', 'gmail_cursors',
      'user_cursors', 'chats', 'chat_messages', 'admin_sessions', 'admin_audit_log'] loop
    execute format('select exists (select from %I)', r_table) into v_has_rows;
    if v_has_rows then
      raise exception 'the baseline is not taken down: % holds rows', r_table
        using hint = 'Empty the baseline''s tables first, or drop the database.';
    end if;
  end loop;
end
$$;

drop table admin_audit_log;
drop table admin_sessions;
drop table chat_messages;
drop table chats;
drop table user_cursors;
drop table gmail_cursors;
drop table nango_sync_cursors;
drop table sync_jobs;
drop table documents;
drop table connections;
drop policy readable_by_the_service on __diesel_schema_migrations;
alter table __diesel_schema_migrations disable row level security;
revoke all on table __diesel_schema_migrations from cortex_app;
drop function cortex_company_of_old_rows();
drop function cortex_drop_constraint(regclass, "char", name[]);
drop function cortex_wall(regclass, text);
drop function cortex_wall_function(regprocedure, name[]);
drop function cortex_revoke(text);
