do $$
begin
  if exists (select from company_users) then
    raise exception 'the memberships of people would be lost'
      using hint = 'Empty company_users first, if nobody needs it any more.';
  end if;
end
$$;

drop function get_user_companies(uuid);
drop function user_has_company_access(uuid, uuid);
drop function get_user_role_in_company(uuid, uuid);
drop function update_user_last_login(uuid, uuid);
drop table company_users;
drop function update_company_users_updated_at();
