drop index idx_company_users_team;
drop index idx_company_users_binding;

-- Accounts that were not bound yet are bound by `cortex users bind`.
alter table company_users
  drop column email_token_at,
  drop column binding_attempts,
  drop column binding_due_at;
