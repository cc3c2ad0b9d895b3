drop function cortex_forget_master_audit_details(uuid, timestamptz, integer);
