//! The walls inside a database, and its indexes: what the catalog says that the migrations did not build so.

use cortex_postgres::doctor::{Examination, Function, Indexes, Rows, Walls};
use cortex_postgres::schema::Database;

use super::check::{Check, Finding, Notes, about, statements};

static ROW_SECURITY: Check = Check::error(
    "row_security",
    "a table of ours is without row level security: companies, and whoever has the public key, see all of it",
    "`alter table public.TABLE enable row level security`",
);
static FORCED: Check = Check::warning(
    "row_security_forced",
    "a table of ours holds its owner to row level security: his backups and migrations see no row",
    "`alter table public.TABLE no force row level security`",
);
static OPEN_POLICIES: Check = Check::error(
    "open_policies",
    "a policy on a table of ours is for everyone or for `anon`",
    "`drop policy \"NAME\" on public.TABLE`",
);
static OPEN_GRANTS: Check = Check::error(
    "open_grants",
    "everyone, `anon` or `authenticated` has rights on a table of ours beyond reading their own memberships",
    "`revoke PRIVILEGE on public.TABLE from ROLE`",
);
static OPEN_FUNCTIONS: Check = Check::error(
    "open_functions",
    "everyone, `anon` or `authenticated` may call a function of ours",
    "`revoke execute on function NAME from public, anon, authenticated`",
);
static SEARCH_PATH: Check = Check::error(
    "definer_search_path",
    "a function of ours that runs with its owner's rights looks names up where its caller says",
    "`alter function NAME set search_path = ''`",
);
static APP_ROLE: Check = Check::error(
    "role_powers",
    "`cortex_app` or `cortex_search` may more than it must, or `cortex_app` owns something",
    "`alter role ROLE nologin nosuperuser nobypassrls nocreaterole nocreatedb`; `alter table … owner to OWNER`",
);
static SEARCHERS: Check = Check::error(
    "search_role_members",
    "the service's login may work as `cortex_search`, which reads the documents of all companies",
    "`revoke cortex_search from LOGIN`",
);
static SEARCH_OWNER: Check = Check::note(
    "search_function_owner",
    "a function of the search belongs to the tables' owner, as after `pg_restore --no-owner`: correct, with more rights \
     than it needs",
    "as a superuser: `alter function NAME owner to cortex_search`",
);
static FOREIGN: Check = Check::warning(
    "foreign_tables_open",
    "tables beside ours have policies for everyone, or stand open without any: Cortex leaves them alone",
    "whoever owns the table: `drop policy`, or `alter table … enable row level security`",
);
static FOREIGN_DEFINERS: Check = Check::warning(
    "foreign_functions_open",
    "a function beside ours runs with its owner's rights and may be called by everyone",
    "whoever owns it: `revoke execute on function NAME from public, anon, authenticated`",
);
static INVALID_INDEXES: Check = Check::warning(
    "invalid_indexes",
    "an index of a table of ours is not valid: building it was interrupted, or goes on now",
    "`cortex migrate up` if migrations are pending, else `reindex index concurrently NAME`",
);
static LEFT_OUT: Check = Check::warning(
    "unique_index_left_out",
    "a unique index was left out because rows are in its way: two active members with one address, or several \
     connections of a provider without owner",
    "decide which row is meant, change or delete the others, then `cortex migrate up`",
);

pub(super) static CHECKS: &[&Check] = &[
    &ROW_SECURITY,
    &FORCED,
    &OPEN_POLICIES,
    &OPEN_GRANTS,
    &OPEN_FUNCTIONS,
    &SEARCH_PATH,
    &APP_ROLE,
    &SEARCHERS,
    &SEARCH_OWNER,
    &FOREIGN,
    &FOREIGN_DEFINERS,
    &INVALID_INDEXES,
    &LEFT_OUT,
];

/// Those of the indexes, which are asked for by themselves.
const OF_INDEXES: usize = 2;

pub(super) fn judge(database: Database, examination: &Examination, notes: &mut Notes) {
    let (of_walls, of_indexes) = CHECKS.split_at(CHECKS.len() - OF_INDEXES);
    match &examination.walls {
        Ok(walls) => judge_walls(walls, notes),
        Err(reason) => notes.none_made(of_walls, reason),
    }
    match &examination.indexes {
        Ok(indexes) => judge_indexes(database, indexes, examination.rows.as_ref().ok(), notes),
        Err(reason) => notes.none_made(of_indexes, reason),
    }
}

fn judge_walls(walls: &Walls, notes: &mut Notes) {
    let bare = &walls.without_row_security;
    let remedy = statements(bare, |table| format!("alter table public.{table} enable row level security"));
    notes.made(&ROW_SECURITY, about(bare, "tables without row level security", remedy));

    let remedy = statements(&walls.forced, |table| format!("alter table public.{table} no force row level security"));
    notes.made(&FORCED, about(&walls.forced, "tables that bind their owner too", remedy));

    let policies = &walls.open_policies;
    let remedy = statements(policies, |policy| {
        let (name, table) = policy.rsplit_once(" on ").unwrap_or((policy, ""));
        format!("drop policy \"{name}\" on public.{table}")
    });
    notes.made(&OPEN_POLICIES, about(policies, "policies for everyone", remedy));

    let remedy = statements(&walls.open_grants, |grant| format!("revoke {}", grant.replacen(" to ", " from ", 1)));
    notes.made(&OPEN_GRANTS, about(&walls.open_grants, "rights of everyone or of the public key", remedy));

    let open = signatures(&walls.open_functions, true);
    let closed = |name: &str| format!("revoke execute on function {name} from public, anon, authenticated");
    notes.made(&OPEN_FUNCTIONS, about(&open, "functions that everyone may call", statements(&open, closed)));

    let pathless = signatures(&walls.pathless_definers, true);
    let remedy = statements(&pathless, |name| format!("alter function {name} set search_path = ''"));
    notes.made(&SEARCH_PATH, about(&pathless, "functions without a fixed search path", remedy));

    let too_much: Vec<String> = walls
        .powers
        .iter()
        .cloned()
        .chain(walls.owned_by_app.iter().map(|name| format!("cortex_app owns {name}")))
        .collect();
    notes.made(&APP_ROLE, about(&too_much, "our roles may too much", APP_ROLE.remedy));

    let remedy = statements(&walls.searchers, |login| format!("revoke cortex_search from {login}"));
    notes.made(&SEARCHERS, about(&walls.searchers, "logins that may work as cortex_search", remedy));

    let elsewhere = &walls.search_functions_elsewhere;
    let remedy = statements(elsewhere, |function| {
        let signature = function.rsplit_once(", owned by ").map_or(function, |(signature, _)| signature);
        format!("alter function {signature} owner to cortex_search")
    });
    let remedy = format!("as a superuser, if at all: {remedy}");
    notes.made(&SEARCH_OWNER, about(elsewhere, "functions of the search that are not cortex_search's", remedy));

    notes.made(&FOREIGN, about(&walls.foreign, "open beside our tables", FOREIGN.remedy));

    let definers: Vec<&str> = signatures(&walls.pathless_definers, false)
        .into_iter()
        .filter(|name| walls.open_functions.iter().any(|open| open.signature == *name))
        .collect();
    let what = "functions beside ours with their owner's rights and no fixed search path, for everyone";
    notes.made(&FOREIGN_DEFINERS, about(&definers, what, statements(&definers, closed)));
}

fn signatures(functions: &[Function], ours: bool) -> Vec<&str> {
    functions.iter().filter(|function| function.is_ours == ours).map(|function| function.signature.as_str()).collect()
}

fn judge_indexes(database: Database, indexes: &Indexes, rows: Option<&Rows>, notes: &mut Notes) {
    let invalid = &indexes.invalid;
    let name_of = |index: &str| index.split_once(" on ").map_or(index, |(name, _)| name).to_owned();
    let again = statements(invalid, |index| format!("reindex index concurrently {}", name_of(index)));
    let remedy = format!("`cortex migrate up` if migrations are pending, else {again}");
    notes.made(&INVALID_INDEXES, about(invalid, "indexes that are not valid", remedy));

    let left_out = indexes.left_out.as_ref().map(|left_out| {
        let in_the_way = match rows {
            Some(Rows::Master(rows)) => rows.shared_addresses.as_slice(),
            Some(Rows::Company(rows)) => rows.shared_without_owner.as_slice(),
            None => &[],
        };
        let what = match database {
            Database::Master => "active members of one company that share an address",
            Database::Company => "providers with several connections without owner",
        };
        let named = match in_the_way {
            [] => format!("{what}, here or in another company"),
            some => format!("{what}: {}", super::check::list(some)),
        };
        let remedy = match database {
            Database::Master => {
                "`update company_users set is_active = false where id = …` for one of each pair, then `cortex migrate up \
                 --database master`"
            }
            Database::Company => {
                "`delete from connections where id = …` for all but one of each, then `cortex migrate up --database \
                 company`"
            }
        };
        let (index, table) = (left_out.index, left_out.table);
        Finding::new(format!("the unique index {index} on {table} is not there; {named}"), remedy)
            .with(serde_json::json!({ "index": index, "table": table, "names": in_the_way }))
    });
    notes.made(&LEFT_OUT, left_out);
}
