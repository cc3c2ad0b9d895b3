-- What a schema of ours is, one line a fact, without the order in which it came about. $1: our tables. The owner's name
-- differs from database to database and reads "owner".
with ours as (
  select c.oid, c.relname, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity
  from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname = any ($1)
), functions as (
  select p.* from pg_proc p
  where p.pronamespace = 'public'::regnamespace
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
)
select line from (
  select format('table %s rls=%s forced=%s', relname, relrowsecurity, relforcerowsecurity) as line from ours
  union all
  select format('column %s.%s %s notnull=%s default=%s generated=%s', o.relname, a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated)
  from ours o join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  union all
  select format('constraint %s on %s: %s', c.conname, o.relname, pg_get_constraintdef(c.oid))
  from ours o join pg_constraint c on c.conrelid = o.oid
  union all
  select format('index %s valid=%s', pg_get_indexdef(i.indexrelid), i.indisvalid)
  from ours o join pg_index i on i.indrelid = o.oid
  union all
  select format('trigger %s', pg_get_triggerdef(t.oid))
  from ours o join pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal
  union all
  select format('policy %s on %s for %s to %s using %s check %s', p.policyname, p.tablename, p.cmd, p.roles, p.qual,
    p.with_check)
  from ours o join pg_policies p on p.tablename = o.relname and p.schemaname = 'public'
  union all
  select format('grant %s on %s to %s', x.privilege_type, o.relname,
    case when x.grantee = o.relowner then 'owner' when x.grantee = 0 then 'public' else x.grantee::regrole::text end)
  from ours o, aclexplode(coalesce(o.relacl, acldefault('r', o.relowner))) x
  union all
  select format('grant %s on %s.%s to %s', x.privilege_type, o.relname, a.attname,
    case when x.grantee = o.relowner then 'owner' when x.grantee = 0 then 'public' else x.grantee::regrole::text end)
  from ours o join pg_attribute a on a.attrelid = o.oid, aclexplode(a.attacl) x
  union all
  select format('grant %s on sequence %s to %s', x.privilege_type, s.relname,
    case when x.grantee = s.relowner then 'owner' when x.grantee = 0 then 'public' else x.grantee::regrole::text end)
  from ours o
  join pg_depend d on d.refobjid = o.oid and d.deptype in ('a', 'i')
  join pg_class s on s.oid = d.objid and s.relkind = 'S',
    aclexplode(coalesce(s.relacl, acldefault('s', s.relowner))) x
  union all
  select format('function owned by %s: %s',
    case when f.proowner in (select relowner from ours) then 'owner' else f.proowner::regrole::text end,
    pg_get_functiondef(f.oid))
  from functions f
  union all
  select format('grant %s on function %s to %s', x.privilege_type, f.oid::regprocedure,
    case when x.grantee in (select relowner from ours) then 'owner' when x.grantee = 0 then 'public'
      else x.grantee::regrole::text end)
  from functions f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) x
) facts
order by line
