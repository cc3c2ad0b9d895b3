//! Who may see and do what, by the catalog: what stands open that must not.

use tokio_postgres::{Client, Error};

use super::our_tables;
use crate::look::{rows, texts};
use crate::schema::Database;

/// What stands open. Everything is empty where the walls stand as the migrations built them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walls {
    /// Tables of ours without row level security.
    pub without_row_security: Vec<String>,
    /// Tables of ours that hold their owner to it too, so that he cannot back them up.
    pub forced: Vec<String>,
    /// Policies on tables of ours that are for everyone or for whoever has the public key: `name on table`.
    pub open_policies: Vec<String>,
    /// What everyone or Supabase's `anon` and `authenticated` may do with tables and sequences of ours, beyond what is
    /// meant: `SELECT on table to role`.
    pub open_grants: Vec<String>,
    /// Functions that everyone or these two may call.
    pub open_functions: Vec<Function>,
    /// Functions that run with their owner's rights and look names up wherever their caller says.
    pub pathless_definers: Vec<Function>,
    /// What our roles may that they must not: `cortex_app may log in`.
    pub powers: Vec<String>,
    /// What the app role owns.
    pub owned_by_app: Vec<String>,
    /// Logins that may work as the role of the search: the table's owner, ourselves.
    pub searchers: Vec<String>,
    /// Functions of the search that are not the search role's: `name(types), owned by role`.
    pub search_functions_elsewhere: Vec<String>,
    /// What stands open of tables that are not ours: `policy name on table`.
    pub foreign: Vec<String>,
}

/// A function of the schema `public`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Name and types.
    pub signature: String,
    /// Whether a migration of ours made it.
    pub is_ours: bool,
}

/// What is meant to be open: people read their own memberships at Supabase.
const MEANT: &str = "SELECT on company_users to authenticated";

/// Ours by name. What our migrations make begins with `cortex_`, but for what was documented before there were any.
const IS_OURS: &str = "(starts_with(p.proname, 'cortex_') or p.proname in ('get_user_companies', \
     'get_user_role_in_company', 'update_company_users_updated_at', 'update_user_last_login', \
     'user_has_company_access'))";

/// Not of an extension.
const STANDS_ALONE: &str = "p.pronamespace = 'public'::regnamespace \
     and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')";

/// Who may call it.
const IS_OPEN: &str = "exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x \
     left join pg_roles r on r.oid = x.grantee where x.grantee = 0 or r.rolname in ('anon', 'authenticated'))";

/// The functions that search above row level security, and filter by themselves.
const OF_THE_SEARCH: &str = "'cortex_find_documents', 'cortex_list_mail', 'cortex_list_thread'";

pub(super) async fn ask(client: &Client, database: Database) -> Result<Walls, Error> {
    let ours = our_tables(database);
    let table = format!("c.relnamespace = 'public'::regnamespace and c.relname in ({ours})");

    let open = format!("select relname from pg_class c where {table} and not relrowsecurity order by 1");
    let without_row_security = texts(client, &open).await?;
    let forced = format!("select relname from pg_class c where {table} and relforcerowsecurity order by 1");
    let forced = texts(client, &forced).await?;
    let open_policies = format!(
        "select format('%s on %s', policyname, tablename) from pg_policies where schemaname = 'public' \
         and tablename in ({ours}) and (roles @> '{{public}}' or roles @> '{{anon}}') order by 1"
    );
    let open_policies = texts(client, &open_policies).await?;
    let mut open_grants = texts(client, &grants(&ours)).await?;
    if database == Database::Master {
        open_grants.retain(|grant| grant != MEANT);
    }
    let open_functions = functions(client, IS_OPEN).await?;
    let pathless = "p.prosecdef and not coalesce(p.proconfig @> array['search_path=\"\"'], false)";
    let pathless_definers = functions(client, pathless).await?;
    let powers = texts(client, POWERS).await?;
    let owned = "select c.relname from pg_class c join pg_roles r on r.oid = c.relowner \
                 where c.relnamespace = 'public'::regnamespace and r.rolname = 'cortex_app' order by 1";
    let owned_by_app = texts(client, owned).await?;
    let searchers = texts(client, &searchers(&table)).await?;
    let elsewhere = format!(
        "select format('%s, owned by %s', p.oid::regprocedure, o.rolname) \
         from pg_proc p join pg_roles o on o.oid = p.proowner \
         where {STANDS_ALONE} and p.proname in ({OF_THE_SEARCH}) and o.rolname <> 'cortex_search' order by 1"
    );
    let search_functions_elsewhere = texts(client, &elsewhere).await?;
    let foreign = texts(client, &foreign(&ours)).await?;
    Ok(Walls {
        without_row_security,
        forced,
        open_policies,
        open_grants,
        open_functions,
        pathless_definers,
        powers,
        owned_by_app,
        searchers,
        search_functions_elsewhere,
        foreign,
    })
}

async fn functions(client: &Client, which: &str) -> Result<Vec<Function>, Error> {
    let query = format!(
        "select p.oid::regprocedure::text, {IS_OURS} from pg_proc p where {STANDS_ALONE} and {which} order by 1"
    );
    let found = rows(client, &query).await?;
    let function = |row: &tokio_postgres::SimpleQueryRow| Function {
        signature: row.get(0).unwrap_or_default().to_owned(),
        is_ours: row.get(1) == Some("t"),
    };
    Ok(found.iter().map(function).collect())
}

/// Of tables, their columns, and the sequences that belong to them.
fn grants(ours: &str) -> String {
    format!(
        "select format('%s on %s to %s', x.privilege_type, c.relname, coalesce(r.rolname, 'public')) \
         from pg_class c \
         left join pg_depend d on d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S' \
         left join pg_attribute a on a.attrelid = c.oid, \
         lateral (select * from aclexplode(c.relacl) union all select * from aclexplode(a.attacl)) x \
         left join pg_roles r on r.oid = x.grantee \
         where c.relnamespace = 'public'::regnamespace \
         and (c.relname in ({ours}) or d.refobjid in (select oid from pg_class where relname in ({ours}))) \
         and (x.grantee = 0 or r.rolname in ('anon', 'authenticated')) group by 1 order by 1"
    )
}

const POWERS: &str = "select format('%s %s', r.rolname, power.name) from pg_roles r, \
     lateral (values (r.rolsuper, 'is superuser'), (r.rolbypassrls, 'is above row level security'), \
       (r.rolcreaterole, 'may create roles'), (r.rolcreatedb, 'may create databases'), \
       (r.rolcanlogin, 'may log in')) power (is_so, name) \
     where r.rolname in ('cortex_app', 'cortex_search') and power.is_so order by 1";

/// The service's login, or what it works as, if that may become the role, by whichever way. The tables' owner gains nothing
/// by it: row level security does not bind him, and the guide has the role granted to him. From PostgreSQL 16 on a member
/// need not be able to become the role.
fn searchers(table: &str) -> String {
    format!(
        "select r.rolname from pg_roles r, pg_roles s where s.rolname = 'cortex_search' \
         and r.rolname in (current_user, 'cortex_app') and not r.rolsuper \
         and pg_has_role(r.oid, s.oid, \
           case when current_setting('server_version_num')::int < 160000 then 'MEMBER' else 'SET' end) \
         and r.oid not in (select c.relowner from pg_class c where {table}) order by 1"
    )
}

/// Policies for everyone, and tables that are open without any.
fn foreign(ours: &str) -> String {
    format!(
        "select open.what from pg_class c, \
         lateral ( \
           select format('policy \"%s\" on %s', p.policyname, p.tablename) as what from pg_policies p \
           where p.schemaname = 'public' and p.tablename = c.relname and p.permissive = 'PERMISSIVE' \
           and (p.roles @> '{{public}}' or p.roles @> '{{anon}}') \
           union all \
           select format('%s without row level security, open to %s', c.relname, \
             string_agg(distinct coalesce(r.rolname, 'public'), ', ')) \
           from aclexplode(c.relacl) x left join pg_roles r on r.oid = x.grantee \
           where not c.relrowsecurity and (x.grantee = 0 or r.rolname in ('anon', 'authenticated')) \
           having count(*) > 0) open \
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname not in ({ours}) \
         and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1"
    )
}
