-- How far the chain of each company's audit log reached, kept where whoever can rewrite the company's database cannot:
-- a tail that is cut off together with its seals is missed here.
create table audit_heads (
  company_id uuid primary key references companies (id) on delete cascade,
  seq bigint not null check (seq >= 0),
  hash bytea not null check (octet_length(hash) = 32),
  sealed_at timestamptz not null default now()
);

create function cortex_move_forward() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.company_id <> old.company_id or new.seq < old.seq or (new.seq = old.seq and new.hash <> old.hash) then
    raise exception '% moves forward only', tg_table_name using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
select cortex_wall_function('cortex_move_forward()');
create trigger forward_only before update on audit_heads
  for each row execute function cortex_move_forward();

select cortex_wall('audit_heads', 'company_id', 'select, insert, update');
