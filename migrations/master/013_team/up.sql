-- What of the team has to be written elsewhere: a row with binding_due_at is not known to say what the person's account at
-- Master Auth should say, and is looked at again then.
alter table company_users
  add column if not exists binding_due_at timestamptz,
  add column if not exists binding_attempts integer not null default 0,
  -- When the token was issued that the e-mail was taken from: what an older one says does not come back.
  add column if not exists email_token_at timestamptz;

create index if not exists idx_company_users_binding on company_users (company_id, binding_due_at)
  where binding_due_at is not null;

-- The order in which a team is listed, and who has an address.
create index if not exists idx_company_users_team on company_users (company_id, lower(email), id);
