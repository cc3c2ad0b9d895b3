do $$
begin
  if exists (select from company_users where invitation_expires_at > now()) then
    raise exception 'open invitations would be lost'
      using hint = 'Withdraw them first, or let them run out.';
  end if;
end
$$;

drop function cortex_index_what_is_clean();
drop index if exists company_users_active_email;
alter table company_users
  drop column accepted_at,
  drop column invitation_expires_at;

-- Rows whose inviter is a user keep him: the old reference is checked for new rows only.
alter table company_users
  add constraint company_users_invited_by_fkey foreign key (invited_by) references master_admins (id) not valid;
