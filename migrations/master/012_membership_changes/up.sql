-- Tells deployments that listen which company's members, or whose standing, changed: they remember both for a moment.
-- Logins do not count: they are written often and let nobody in or out.
create function cortex_tell_membership_change() returns trigger language plpgsql set search_path = '' as $$
declare
  v_old jsonb := to_jsonb(old);
  v_new jsonb := to_jsonb(new);
  v_company text := tg_argv[0];
begin
  perform pg_notify('cortex_membership', coalesce(v_new, v_old) ->> v_company);
  if v_old ->> v_company is distinct from coalesce(v_new, v_old) ->> v_company and v_old is not null then
    perform pg_notify('cortex_membership', v_old ->> v_company);
  end if;
  return null;
end
$$;
select cortex_wall_function('cortex_tell_membership_change()');

create trigger tell_membership_change
  after insert or delete or
    update of user_id, company_id, email, role, is_active, invitation_expires_at on company_users
  for each row execute function cortex_tell_membership_change('company_id');
create trigger tell_membership_change
  after insert or delete or update of id, slug, name, status on companies
  for each row execute function cortex_tell_membership_change('id');
