drop trigger tell_membership_change on companies;
drop trigger tell_membership_change on company_users;
drop function cortex_tell_membership_change();
