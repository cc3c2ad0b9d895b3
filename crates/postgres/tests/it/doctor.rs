//! What is found of a database in which something is wrong, and that nothing is found where nothing is.

use cortex_postgres::ConnectFailure;
use cortex_postgres::doctor::{CompanyRows, Examination, ExamineError, Indexes, MasterRows, Rows, Several, Walls};
use cortex_postgres::schema::Database;
use cortex_test_support::TestRole;
use rstest::rstest;

use crate::support::{COMPANY_A, COMPANY_B, Host, Owned, Past};

async fn service() -> TestRole {
    TestRole::with("in role cortex_app").await
}

async fn company() -> Owned {
    Owned::migrated(Database::Company, Past::Empty, Host::Supabase).await
}

/// The walls, after somebody with all rights did this to them.
async fn walls_after(owned: &Owned, sql: &str) -> Walls {
    owned.database.batch(sql).await;
    owned.examine(&service().await).await.walls.unwrap()
}

fn company_rows(examination: Examination) -> CompanyRows {
    match examination.rows.unwrap() {
        Rows::Company(rows) => *rows,
        Rows::Master(rows) => panic!("{rows:?}"),
    }
}

fn one(name: &str) -> Several {
    Several { count: 1, named: vec![name.to_owned()] }
}

#[rstest]
#[case(Database::Master)]
#[case(Database::Company)]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_of_a_database_as_the_migrations_left_it(#[case] kind: Database) {
    let owned = Owned::migrated(kind, Past::Empty, Host::Supabase).await;
    let service = service().await;

    let found = owned.examine(&service).await;

    assert!(found.server.version_number >= 150_000 && !found.server.version.is_empty(), "{found:?}");
    assert!(found.server.identity.is_some() && !found.server.is_read_only, "{found:?}");
    assert!(found.server.ahead.abs() < time::Duration::seconds(5), "it is the same machine: {found:?}");
    assert_eq!((found.login.name.as_str(), found.login.above_the_walls.len()), (service.name(), 0));
    assert_eq!(found.walls, Ok(Walls::default()));
    assert_eq!(found.indexes, Ok(Indexes::default()));
    let vitals = found.vitals.unwrap();
    assert!(vitals.never_vacuumed.is_empty() && vitals.transaction_age > 0, "{vitals:?}");
    match found.rows.unwrap() {
        Rows::Master(rows) => assert_eq!(rows, MasterRows { status: None, shared_addresses: Vec::new() }),
        Rows::Company(rows) => assert_eq!(*rows, CompanyRows::default()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_opened_is_named() {
    let owned = company().await;

    let login = owned.owner.name();
    let walls = walls_after(
        &owned,
        &format!(
            "alter table documents disable row level security; alter table chats force row level security;
         create policy \"Service role has full access\" on connections for all using (true);
         grant select on sync_jobs to anon; grant usage on sequence documents_id_seq to public;
         grant execute on function cortex_find_documents to public;
         alter function cortex_forget_audit_details reset search_path;
         alter function cortex_list_thread owner to {login};
         create table memos (id int); grant select on memos to anon;
         create table notes (id int); alter table notes enable row level security;
         create policy everybody on notes using (true); revoke all on notes from anon, authenticated;
         create function shout() returns int language sql security definer as 'select 1'"
        ),
    )
    .await;

    assert_eq!(walls.without_row_security, ["documents"]);
    assert_eq!(walls.forced, ["chats"]);
    assert_eq!(walls.open_policies, ["Service role has full access on connections"]);
    assert_eq!(walls.open_grants, ["SELECT on sync_jobs to anon", "USAGE on documents_id_seq to public"]);
    let open: Vec<_> = walls.open_functions.iter().map(|open| (open.signature.as_str(), open.is_ours)).collect();
    assert_eq!(open.len(), 2, "{open:?}");
    assert!(open[0].0.starts_with("cortex_find_documents(") && open[0].1, "{open:?}");
    assert_eq!(open[1], ("shout()", false));
    let pathless: Vec<_> = walls.pathless_definers.iter().map(|one| one.is_ours).collect();
    assert_eq!(pathless, [true, false], "{:?}", walls.pathless_definers);
    let elsewhere = &walls.search_functions_elsewhere;
    assert!(elsewhere[0].starts_with("cortex_list_thread(") && elsewhere[0].ends_with(login));
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(walls.foreign.len(), 2, "{:?}", walls.foreign);
    assert!(walls.foreign[0].starts_with("memos without row level security, open to anon"), "{:?}", walls.foreign);
    assert_eq!(walls.foreign[1], "policy \"everybody\" on notes");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_master_members_read_their_own_memberships_and_that_is_all_that_is_meant() {
    let owned = Owned::migrated(Database::Master, Past::Empty, Host::Supabase).await;

    let walls = walls_after(&owned, "grant update on company_users to authenticated").await;

    assert_eq!(walls.open_grants, ["UPDATE on company_users to authenticated"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_above_the_walls_is_told() {
    let owned = company().await;
    let above = TestRole::with("in role cortex_app bypassrls").await;

    assert_eq!(owned.examine(&owned.owner).await.login.above_the_walls, ["owner of our tables"]);
    assert_eq!(owned.examine(&above).await.login.above_the_walls, ["above row level security"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_may_search_above_the_walls_is_named_and_the_owner_is_not() {
    let owned = company().await;
    let service = TestRole::with("in role cortex_app, cortex_search").await;
    owned.database.batch(&format!("grant cortex_search to {} with admin option", owned.owner.name())).await;

    let searchers = async |login: &TestRole| owned.examine(login).await.walls.unwrap().searchers;

    assert_eq!(searchers(&service).await, [service.name()]);
    assert!(searchers(&owned.owner).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_cannot_become_the_app_role_still_sees_the_catalog() {
    let owned = company().await;

    let found = owned.examine(&TestRole::create().await).await;

    assert_eq!(found.walls, Ok(Walls::default()));
    assert!(found.rows.unwrap_err().contains("cortex_app"));
}

#[tokio::test(flavor = "multi_thread")]
async fn half_built_indexes_and_the_one_that_was_left_out_are_named() {
    let owned = company().await;
    let insert = "insert into connections (tenant_id, provider_key, connection_id)";
    let rows = format!("{insert} values ('{COMPANY_A}', 'gmail', 'one'), ('{COMPANY_A}', 'gmail', 'two')");
    let client = owned.as_owner().await;
    client.batch_execute(&format!("drop index connections_one_without_user; {rows}")).await.unwrap();
    // Two rows of the same: building fails and leaves what it began.
    let build = "create unique index concurrently half_built on connections (tenant_id)";
    client.batch_execute(build).await.unwrap_err();

    let found = owned.examine(&service().await).await;

    let indexes = found.indexes.clone().unwrap();
    assert_eq!(indexes.invalid, ["half_built on connections"]);
    assert_eq!(indexes.left_out.map(|left_out| left_out.index), Some("connections_one_without_user"));
    assert_eq!(company_rows(found).shared_without_owner, ["gmail (2)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_who_share_an_address_are_named() {
    let owned = Owned::migrated(Database::Master, Past::Empty, Host::Supabase).await;
    let insert = "insert into company_users (user_id, company_id, email) values";
    owned
        .as_owner()
        .await
        .batch_execute(&format!(
            "insert into companies (id, slug, name, status) values ('{COMPANY_A}', 'a', 'A', 'trial');
             drop index company_users_active_email;
             {insert} (gen_random_uuid(), '{COMPANY_A}', 'ina@harbour.example'),
               (gen_random_uuid(), '{COMPANY_A}', 'Ina@harbour.example')"
        ))
        .await
        .unwrap();

    let found = owned.examine(&service().await).await;

    assert!(found.indexes.unwrap().left_out.is_some());
    let Rows::Master(rows) = found.rows.unwrap() else { panic!("it is Master") };
    assert_eq!(rows.status.as_deref(), Some("trial"));
    assert_eq!(rows.shared_addresses, ["ina@harbour.example (2)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_got_stuck_is_named_once_it_took_too_long() {
    let owned = company().await;
    let job = |id: u32, columns: &str, values: &str| {
        format!(
            "insert into sync_jobs (id, tenant_id, user_id, job_type, kind, {columns})
             values ('00000000-0000-4000-8000-{id:012}', '{COMPANY_A}', 'u', 'gmail', 'sync', {values});"
        )
    };
    let running = "status, lease_owner, lease_until";
    let jobs = [
        job(1, running, "'running', 'w', now() - interval '6 minutes'"),
        job(2, running, "'running', 'w', now() - interval '1 minute'"),
        job(3, "status, run_after", "'queued', now() - interval '16 minutes'"),
        job(4, "status, run_after", "'queued', now() - interval '1 minute'"),
    ];
    let rest = format!(
        "insert into workers (tenant_id, name, version, capacity, last_tick_at)
           values ('{COMPANY_A}', 'alive', '1', 1, now()), ('{COMPANY_A}', 'gone', '1', 1, now() - interval '5 minutes');
         insert into webhook_inbox (id, tenant_id, body, body_hash, state, run_after) values
           (1, '{COMPANY_A}', '', '1', 'dead', now()), (2, '{COMPANY_A}', '', '2', 'pending', now() - interval '16 minutes'),
           (3, '{COMPANY_A}', '', '3', 'pending', now());
         insert into quarantined_connections (tenant_id, provider_key, connection_id, reason)
           values ('{COMPANY_A}', 'gmail', 'stray', 'no_member');
         insert into connections (id, tenant_id, provider_key, connection_id, user_id, user_email, status) values
           (1, '{COMPANY_A}', 'gmail', 'old', null, null, 'needs_reauthorization'),
           (2, '{COMPANY_A}', 'gmail', 'new', 'u', 'u@harbour.example', 'needs_reauthorization'),
           (3, '{COMPANY_A}', 'outlook', 'fine', 'u', 'u@harbour.example', 'active');
         insert into held_deletions (id, tenant_id, user_id, connection_id, provider, model, variant, job_id, records)
           values (1, '{COMPANY_A}', 'u', 3, 'outlook', 'm', 'base', gen_random_uuid(), 7);
         insert into blob_removals (tenant_id, blob_key, due_at) values
           ('{COMPANY_A}', '00000000-0000-4000-8000-000000000001', now() - interval '25 hours'),
           ('{COMPANY_A}', '00000000-0000-4000-8000-000000000002', now());
         insert into admin_audit_log (id, tenant_id, action)
           values ('00000000-0000-4000-8000-000000000001', '{COMPANY_A}', 'admin_login'),
             ('00000000-0000-4000-8000-000000000002', '{COMPANY_A}', 'admin_login');
         update admin_audit_unsealed set queued_at = now() - interval '6 minutes'
           where audit_id = '00000000-0000-4000-8000-000000000001'"
    );
    owned.as_owner().await.batch_execute(&format!("{}{rest}", jobs.concat())).await.unwrap();

    let rows = company_rows(owned.examine(&service().await).await);

    let expected = CompanyRows {
        abandoned_jobs: one("00000000-0000-4000-8000-000000000001 (gmail)"),
        waiting_jobs: one("00000000-0000-4000-8000-000000000003 (gmail)"),
        live_workers: 1,
        dead_webhooks: one("1"),
        waiting_webhooks: one("2"),
        quarantined: one("gmail stray (no_member)"),
        without_owner: one("gmail old"),
        to_be_authorized: one("gmail of u@harbour.example"),
        shared_without_owner: Vec::new(),
        unsealed: one("00000000-0000-4000-8000-000000000001"),
        blobs_to_remove: one("00000000-0000-4000-8000-000000000001"),
        held_deletions: one("1 (7 records)"),
    };
    assert_eq!(rows, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_the_first_ten_are_named() {
    let owned = company().await;
    let insert = "insert into webhook_inbox (id, tenant_id, body, body_hash, state)";
    let many = format!("{insert} select n, '{COMPANY_A}', '', n::text::bytea, 'dead' from generate_series(10, 30) n");
    owned.as_owner().await.batch_execute(&many).await.unwrap();

    let dead = company_rows(owned.examine(&service().await).await).dead_webhooks;

    assert_eq!((dead.count, dead.named.len(), dead.named[0].as_str()), (21, 10, "10"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_other_companies_are_found_by_who_sees_all() {
    let owned = company().await;
    let row = |company: &str| {
        format!(
            "insert into user_cursors (tenant_id, user_id, provider_key, user_principal_name, delta_link)
           values ('{company}', 'u', 'outlook', 'u', 'l');
         insert into chats (company_id, user_email) values ('{company}', 'u');"
        )
    };
    let rows = [row(COMPANY_A), row(COMPANY_B)].concat();
    owned.as_owner().await.batch_execute(&rows).await.unwrap();

    let by_owner = owned.examiner(&owned.database.url_as(&owned.owner)).other_companies().await.unwrap();
    let by_service = owned.examiner(&owned.database.url_as(&service().await)).other_companies().await;

    assert_eq!(by_owner, [format!("{COMPANY_B} (in chats, user_cursors)")]);
    assert!(by_service.is_err(), "{by_service:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_many_rows_that_was_never_vacuumed_is_named() {
    let owned = company().await;
    let many = "alter table workers set (autovacuum_enabled = false); \
                insert into workers (tenant_id, name, version, capacity, last_tick_at) \
                select 'c', n, '1', 1, now() from generate_series(1, 10000) n; select pg_stat_force_next_flush()";
    owned.as_owner().await.batch_execute(many).await.unwrap();

    let vitals = owned.examine(&service().await).await.vitals.unwrap();

    assert_eq!(vitals.never_vacuumed, ["workers (10000 rows)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_says_so() {
    let owned = company().await;
    owned
        .database
        .batch(&format!("alter database {} set default_transaction_read_only = on", owned.database.name()))
        .await;

    assert!(owned.examine(&service().await).await.server.is_read_only);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_one_database_under_two_names_is_told_by_the_server() {
    let (one, other) = (company().await, company().await);
    let identity = async |owned: &Owned, login: &TestRole| owned.examine(login).await.server.identity.unwrap();

    assert_eq!(identity(&one, &one.owner).await, identity(&one, &service().await).await);
    assert_ne!(identity(&one, &one.owner).await, identity(&other, &other.owner).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_there_is_no_connection_is_told_apart() {
    let owned = Owned::new(Database::Company, Past::Empty, Host::Plain).await;
    let service = TestRole::create().await;
    let good = owned.database.url_as(&service);
    let cases = [
        ("postgres://a:b@nobody.invalid/c".to_owned(), ConnectFailure::UnknownHost),
        ("postgres://a:b@127.0.0.1:1/c".to_owned(), ConnectFailure::NothingListens),
        (good.replace(service.password(), "wrong"), ConnectFailure::Login),
        (good.replace(owned.database.name(), "no_such_database"), ConnectFailure::NoDatabase),
    ];

    for (url, expected) in cases {
        let error = owned.examiner(&url).examine().await.unwrap_err();
        let ExamineError::Connect(error) = error else { panic!("{error}") };
        assert_eq!(error.failure(), expected, "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
    }
}
