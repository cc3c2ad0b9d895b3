//! Migrations on databases that are empty, that have lived, and that are in use.

use cortex_postgres::migrate::{self, MigrateError, Migrator};
use cortex_postgres::schema::Database;
use cortex_test_support::Client;
use rstest::rstest;

use crate::support::{COMPANY_A, Host, Owned, Past, USER_A1, address, company, count, text};

pub(crate) const SNAPSHOT: &str = include_str!("snapshot.sql");

/// What the schema of ours is, one line a fact.
pub(crate) async fn snapshot(owned: &Owned) -> Vec<String> {
    let client = owned.as_owner().await;
    let rows = client.query(SNAPSHOT, &[&owned.kind.tables()]).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

/// The texts that a query answers.
pub(crate) async fn lines(client: &Client, query: &str) -> Vec<String> {
    client.query(query, &[]).await.unwrap().into_iter().map(|row| row.get(0)).collect()
}

fn names(ran: &[migrate::Ran]) -> Vec<&str> {
    ran.iter().map(|ran| ran.name.as_str()).collect()
}

#[rstest]
#[case(Database::Master)]
#[case(Database::Company)]
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_gets_exactly_the_tables_we_own(#[case] kind: Database) {
    let owned = Owned::new(kind, Past::Empty, Host::Plain).await;

    let ran = owned.migrator().up(None).await.unwrap();

    assert_eq!(names(&ran), migrate::names(kind));
    let tables = lines(
        &owned.as_owner().await,
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' \
         and relname <> '__diesel_schema_migrations' order by relname",
    )
    .await;
    assert_eq!(tables, kind.tables());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_has_lived_ends_in_the_same_schema(
    #[values(Database::Master, Database::Company)] kind: Database,
    #[values(Past::LivedIn, Past::ByHand)] past: Past,
    #[values(Host::Plain, Host::Supabase)] host: Host,
) {
    let fresh = Owned::migrated(kind, Past::Empty, host).await;
    let lived_in = Owned::migrated(kind, past, host).await;

    let (expected, found) = (snapshot(&fresh).await, snapshot(&lived_in).await);

    let missing: Vec<_> = expected.iter().filter(|line| !found.contains(line)).collect();
    let beside: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
    assert!(missing.is_empty() && beside.is_empty(), "missing: {missing:#?}\nbeside: {beside:#?}");
    assert!(expected.len() > 100, "the snapshot looks at something");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_does_nothing(
    #[values(Database::Master, Database::Company)] kind: Database,
    #[values(Past::Empty, Past::ByHand)] past: Past,
) {
    let owned = Owned::migrated(kind, past, Host::Plain).await;
    let before = snapshot(&owned).await;

    let ran = owned.migrator().up(None).await.unwrap();

    assert_eq!(ran, []);
    assert_eq!(snapshot(&owned).await, before);
}

#[rstest]
#[case(Database::Master)]
#[case(Database::Company)]
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_goes_all_the_way_down_and_up_again(#[case] kind: Database) {
    let owned = Owned::migrated(kind, Past::Empty, Host::Plain).await;
    let before = snapshot(&owned).await;

    let first = migrate::names(kind)[0].clone();
    let down = owned.migrator().down(Some(first)).await.unwrap();
    let last = owned.migrator().down(None).await.unwrap();
    assert_eq!(down.len() + last.len(), migrate::names(kind).len());
    let left = lines(
        &owned.as_owner().await,
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'i') \
         and relname !~ '^__diesel_schema_migrations'",
    )
    .await;
    assert_eq!(left, Vec::<String>::new());
    owned.migrator().up(None).await.unwrap();

    assert_eq!(snapshot(&owned).await, before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_rows_goes_down_to_its_baseline_and_up_again(
    #[values(Database::Master, Database::Company)] kind: Database,
    #[values(Host::Plain, Host::Supabase)] host: Host,
) {
    let owned = Owned::migrated(kind, Past::LivedIn, host).await;
    let before = snapshot(&owned).await;

    owned.migrator().down(Some("001_baseline".to_owned())).await.unwrap();
    let refused = owned.migrator().down(None).await.unwrap_err().to_string();
    owned.migrator().up(None).await.unwrap();

    assert!(refused.contains("001_baseline") && refused.contains("not taken down"), "{refused}");
    assert_eq!(snapshot(&owned).await, before);
    let client = owned.as_owner().await;
    match kind {
        Database::Master => assert_eq!(count(&client, "select count(*) from companies").await, 1),
        Database::Company => assert_eq!(count(&client, "select count(*) from connections").await, 2),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_company_that_has_lived_are_kept_and_know_where_they_belong() {
    let owned = Owned::migrated(Database::Company, Past::LivedIn, Host::Plain).await;
    let client = owned.as_owner().await;

    let connections = lines(
        &client,
        "select format('%s %s %s %s %s %s', provider_key, connection_id, status, reason, connected_at = created_at, \
         user_id is null) from connections order by id",
    )
    .await;
    assert_eq!(
        connections,
        [
            "gmail broker-gmail needs_reauthorization no_user t t",
            "outlook broker-outlook needs_reauthorization no_user t t",
        ]
    );
    let documents = lines(
        &client,
        "select format('%s %s [%s] %s', source, source_id, source_account, coalesce(ingested_by_user_id, 'nobody')) \
         from documents order by id",
    )
    .await;
    assert_eq!(documents, ["gmail gmail:thread:t1 [] nobody", "google_drive file-1 [] nobody"]);
    let jobs = lines(
        &client,
        "select format('%s %s %s %s', job_type, status, coalesce(error_code, '-'), tenant_id) from sync_jobs order by 1",
    )
    .await;
    assert_eq!(
        jobs,
        [format!("gmail failed superseded_by_upgrade {COMPANY_A}"), format!("outlook completed - {COMPANY_A}"),]
    );
    let created = text(&client, "select min(created_at at time zone 'UTC')::text from sync_jobs").await;
    assert_eq!(created.as_deref(), Some("2025-05-01 12:00:00"), "times without zone were UTC");
    let cursors =
        lines(&client, "select format('%s %s', last_cursor, coalesce(user_id, 'unused')) from nango_sync_cursors")
            .await;
    assert_eq!(cursors, ["outlook-cursor unused"]);
    assert_eq!(count(&client, "select count(*) from admin_sessions").await, 0, "old sessions end");
    let audit =
        lines(&client, "select format('%s %s %s', action, tenant_id = company_id, tenant_id) from admin_audit_log")
            .await;
    assert_eq!(audit, [format!("login t {COMPANY_A}")]);
    let messages = lines(&client, "select tenant_id from chat_messages").await;
    assert_eq!(messages, [COMPANY_A]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_run_by_hand_is_mended() {
    let owned = Owned::migrated(Database::Company, Past::ByHand, Host::Plain).await;
    let client = owned.as_owner().await;

    let connections = lines(
        &client,
        "select format('%s %s %s %s', connection_id, status, coalesce(user_id, 'nobody'), \
         (connected_at at time zone 'UTC')::date) from connections order by id",
    )
    .await;
    assert_eq!(
        connections,
        [
            "broker-gmail needs_reauthorization nobody 2025-03-01".to_owned(),
            "broker-outlook needs_reauthorization nobody 2025-04-01".to_owned(),
            format!("broker-ina active {USER_A1} 2025-06-01"),
        ]
    );
    let cursors = lines(
        &client,
        "select format('%s %s %s', last_cursor, coalesce(user_id, 'unused'), coalesce(model, '-')) \
         from nango_sync_cursors order by 1",
    )
    .await;
    assert_eq!(cursors, [format!("ina-cursor {USER_A1} GmailEmail"), "outlook-cursor unused -".to_owned()]);

    let master = Owned::migrated(Database::Master, Past::ByHand, Host::Plain).await;
    let providers = lines(&master.as_owner().await, "select provider from nango_original_connections").await;
    assert_eq!(providers, ["gmail"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_of_one_provider_forbid_the_way_below_012() {
    let owned = Owned::migrated(Database::Company, Past::LivedIn, Host::Plain).await;
    owned
        .as_owner()
        .await
        .execute(
            "insert into connections (tenant_id, provider_key, connection_id, user_id, user_email) \
             values ($1, 'gmail', 'broker-new', $2, 'ina@harbour.example')",
            &[&COMPANY_A, &USER_A1],
        )
        .await
        .unwrap();

    let error = owned.migrator().down(Some("001_baseline".to_owned())).await.unwrap_err().to_string();

    assert!(error.contains("012_add_user_tracking_to_connections"), "{error}");
    assert!(error.contains(&format!("gmail of company {COMPANY_A} (without user, ina@harbour.example)")), "{error}");
    let status = owned.migrator().status().await.unwrap();
    assert_eq!(status.applied.last().map(String::as_str), Some("012_add_user_tracking_to_connections"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hand_made_tables_call_their_constraints_does_not_matter() {
    let fresh = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    owned
        .as_owner()
        .await
        .batch_execute(
            "alter table connections rename constraint connections_tenant_id_provider_key_key to one_each; \
             alter table documents rename constraint documents_tenant_id_source_source_id_key to one_document; \
             alter table documents rename constraint documents_parent_document_id_fkey to parent; \
             alter table gmail_cursors rename constraint gmail_cursors_tenant_id_provider_key_key to one_cursor; \
             alter table admin_audit_log rename constraint admin_audit_log_session_id_fkey to session; \
             drop index idx_documents_metadata; drop index idx_documents_source; \
             create unique index one_more on nango_sync_cursors (connection_id, provider, sync_name); \
             alter table sync_jobs enable row level security, force row level security; \
             create policy mine on sync_jobs using (true)",
        )
        .await
        .unwrap();

    owned.migrator().up(None).await.unwrap();

    assert_eq!(snapshot(&owned).await, snapshot(&fresh).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_hand_made_programs_stay_and_new_ones_are_checked() {
    let owned = Owned::new(Database::Company, Past::ByHand, Host::Plain).await;
    let rows = owned.as_owner().await;
    rows.batch_execute("update documents set ingestion_method = 'oauth'; update sync_jobs set status = 'pending'")
        .await
        .unwrap();

    owned.migrator().up(None).await.unwrap();

    rows.batch_execute("update documents set title = 'Renamed'; update sync_jobs set error_message = 'seen'")
        .await
        .unwrap();
    assert_eq!(count(&rows, "select count(*) from documents where ingestion_method = 'oauth'").await, 2);
    let unknown = "update documents set ingestion_method = 'by magic'";
    assert!(rows.batch_execute(unknown).await.unwrap_err().as_db_error().unwrap().message().contains("by magic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_written_the_old_way_still_find_their_place() {
    let owned = Owned::migrated(Database::Company, Past::LivedIn, Host::Plain).await;
    let rows = owned.as_owner().await;

    rows.batch_execute(&format!(
        "insert into connections (tenant_id, provider_key, connection_id) values ('{COMPANY_A}', 'quickbooks', 'old'); \
         insert into chat_messages (chat_id, role, content) select id, 'user', 'And tomorrow?' from chats; \
         insert into admin_audit_log (tenant_id, action) values ('{COMPANY_A}', 'admin_login')"
    ))
    .await
    .unwrap();

    assert_eq!(
        text(&rows, "select status || ' ' || reason from connections where connection_id = 'old'").await.as_deref(),
        Some("needs_reauthorization no_user")
    );
    let apart = "select (select count(*) from chat_messages where tenant_id is distinct from $$A$$) \
                 + (select count(*) from admin_audit_log where company_id <> tenant_id)";
    assert_eq!(count(&rows, &apart.replace("$$A$$", &format!("'{COMPANY_A}'"))).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_lost_forbids_the_way_down() {
    let owned = Owned::migrated(Database::Master, Past::ByHand, Host::Plain).await;

    let error = owned.migrator().down(Some("006".to_owned())).await.unwrap_err().to_string();

    assert!(error.contains("007_add_company_users") && error.contains("memberships"), "{error}");
    assert_eq!(count(&owned.as_owner().await, "select count(*) from company_users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_are_closed_before_the_first_migration() {
    let owned = Owned::new(Database::Company, Past::Empty, Host::Supabase).await;
    owned.database.batch("create table connections (id int)").await;

    assert!(owned.migrator().up(None).await.is_err(), "the table is somebody else's");

    let forge = "insert into __diesel_schema_migrations (version) values ('012')";
    assert!(owned.as_role("anon", None).await.batch_execute(forge).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing() {
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;

    let status = owned.migrator().status().await.unwrap();

    assert_eq!(status.applied, Vec::<String>::new());
    assert_eq!(status.pending, migrate::names(Database::Company));
    assert_eq!(status.foreign, ["daily_reports"]);
    assert!(status.to_adopt.contains(&"connections".to_owned()), "{:?}", status.to_adopt);
    let books = count(&owned.as_owner().await, "select count(*) from pg_class where relname ~ 'diesel'").await;
    assert_eq!(books, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_migration_is_let_be_on_the_way_up_and_stops_the_way_down() {
    let owned = Owned::migrated(Database::Master, Past::Empty, Host::Plain).await;
    let insert = "insert into __diesel_schema_migrations (version) values ('900')";
    owned.as_owner().await.batch_execute(insert).await.unwrap();

    assert_eq!(owned.migrator().up(None).await.unwrap(), []);
    assert_eq!(owned.migrator().status().await.unwrap().unknown, ["900"]);
    let refused = owned.migrator().down(None).await;

    assert!(matches!(refused, Err(MigrateError::UnknownVersion { version, .. }) if version == "900"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_migrators_of_one_database_one_works_and_the_others_wait() {
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    let migrators: Vec<Migrator> = (0..4).map(|_| owned.migrator()).collect();

    let ran = futures_util::future::join_all(migrators.iter().map(|migrator| migrator.up(None))).await;

    let ran: Vec<usize> = ran.into_iter().map(|ran| ran.unwrap().len()).collect();
    assert_eq!(ran.iter().sum::<usize>(), migrate::names(Database::Company).len(), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_databases_of_one_server_migrate_at_once() {
    let mut databases = Vec::new();
    for _ in 0..6 {
        databases.push(Owned::new(Database::Company, Past::LivedIn, Host::Plain).await);
    }

    let ran = futures_util::future::join_all(databases.iter().map(async |owned| owned.migrator().up(None).await)).await;

    for ran in ran {
        assert_eq!(ran.unwrap().len(), migrate::names(Database::Company).len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_meets_a_lock_lets_others_through_and_comes_back() {
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    owned.migrator().up(Some("011".to_owned())).await.unwrap();
    let reader = owned.as_owner().await;
    reader.batch_execute("begin; select * from connections").await.unwrap();

    let migrator = owned.migrator();
    let watcher = owned.as_owner().await;
    let (ran, ()) = tokio::join!(migrator.up(None), async {
        // Between two attempts it sleeps on the server: then it has given way once.
        let gave_way = "select count(*) from pg_stat_activity where datname = current_database() \
                        and query = 'select pg_sleep(0.5)'";
        while count(&watcher, gave_way).await == 0 {}
        assert_eq!(count(&watcher, "select count(*) from connections").await, 2);
        reader.batch_execute("commit").await.unwrap();
    });

    assert_eq!(ran.unwrap().len(), migrate::names(Database::Company).len() - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_left_half_built_is_built_anew() {
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    owned.migrator().up(Some("015_add_attribution_to_cursors".to_owned())).await.unwrap();
    owned
        .database
        .batch(
            "create index idx_documents_ingested_by on documents (ingested_by_user_id); \
             update pg_index set indisvalid = false where indexrelid = 'idx_documents_ingested_by'::regclass",
        )
        .await;
    owned.database.batch(&format!("alter index idx_documents_ingested_by owner to {}", owned.owner.name())).await;

    owned.migrator().up(None).await.unwrap();

    let valid = "select count(*) from pg_index where indexrelid = 'idx_documents_ingested_by'::regclass and indisvalid";
    assert_eq!(count(&owned.as_owner().await, valid).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_person_can_decide_is_left_and_said() {
    let twin = "0a0a0a0a-0000-4000-8000-0000000000a9";
    let owned = Owned::new(Database::Master, Past::ByHand, Host::Plain).await;
    owned
        .as_owner()
        .await
        .execute(
            "insert into company_users (user_id, company_id, email) values ($1::text::uuid, $2::text::uuid, $3)",
            &[&twin, &COMPANY_A, &"INA@harbour.example"],
        )
        .await
        .unwrap();

    let ran = owned.migrator().up(None).await.unwrap();

    let warnings: Vec<_> = ran.iter().flat_map(|ran| &ran.warnings).collect();
    assert_eq!(
        warnings,
        [
            "two active members of a company share an e-mail address: the unique index is left out \
             (Deactivate one of each pair, then migrate again.)",
            &format!(
                "active members share an e-mail address: the users {USER_A1} and {twin} of company {COMPANY_A}: the unique \
                 index is left out (Deactivate all but one of each, then migrate again.)"
            ),
        ]
    );
    let index = "select count(*) from pg_class where relname = 'company_users_active_email'";
    assert_eq!(count(&owned.as_owner().await, index).await, 0);

    let decide = "update company_users set is_active = false where email = 'INA@harbour.example'";
    owned.as_owner().await.batch_execute(decide).await.unwrap();
    assert_eq!(owned.migrator().up(None).await.unwrap(), []);
    assert_eq!(count(&owned.as_owner().await, index).await, 1, "once the rows are clean");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_names_the_migration_and_the_next_run_goes_on_there() {
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    owned.database.batch("create table connect_sessions (id int)").await;

    let error = owned.migrator().up(None).await.unwrap_err();

    let MigrateError::Failed { name, reason, ran, .. } = error else { panic!("{error}") };
    assert_eq!((name.as_str(), ran.len()), ("022_connect_sessions", 11));
    assert!(reason.contains("\"connect_sessions\" already exists"), "{reason}");
    owned.database.batch("drop table connect_sessions").await;
    let ran = owned.migrator().up(None).await.unwrap();
    assert_eq!(names(&ran)[0], "022_connect_sessions");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_server_is_named_without_its_password() {
    let migrator =
        Migrator::new(Database::Master, address("postgres://operator:hush@127.0.0.1:1/master"), company(COMPANY_A));

    let error = migrator.status().await.unwrap_err().to_string();

    assert!(error.starts_with("cannot reach the database at 127.0.0.1:1/master: "), "{error}");
    assert!(!error.contains("hush"), "{error}");
}
