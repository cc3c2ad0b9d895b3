-- Below the baseline there is nothing to go back to: an empty Master is taken down, one with rows is kept.
do $$
begin
  if exists (select from companies) or exists (select from master_admins) or exists (select from audit_log_global)
    or exists (select from sync_permissions) then
    raise exception 'the baseline of Master is not taken down: its tables hold rows'
      using hint = 'Empty companies, master_admins, audit_log_global and sync_permissions first, or drop the database.';
  end if;
end
$$;

drop table sync_permissions;
drop table audit_log_global;
drop table master_admins;
drop table companies;
drop policy readable_by_the_service on __diesel_schema_migrations;
alter table __diesel_schema_migrations disable row level security;
revoke all on table __diesel_schema_migrations from cortex_app;
drop function cortex_drop_constraint(regclass, "char", name[]);
drop function cortex_wall(regclass, name, text);
drop function cortex_wall_function(regprocedure, name[]);
