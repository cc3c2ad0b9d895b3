drop table audit_heads;
drop function cortex_move_forward();
