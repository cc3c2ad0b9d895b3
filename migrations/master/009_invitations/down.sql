drop function cortex_index_what_is_clean();
drop index if exists company_users_active_email;
alter table company_users
  drop column accepted_at,
  drop column invitation_expires_at;

-- Rows whose inviter is a user keep him: the old reference is checked for new rows only.
alter table company_users
  add constraint company_users_invited_by_fkey foreign key (invited_by) references master_admins (id) not valid;
