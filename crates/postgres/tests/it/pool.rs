//! The service's connections: whom they work as, by which wire, and what is said when there are none.

use std::path::PathBuf;
use std::time::Duration;

use cortex_kernel::StoreError;
use cortex_postgres::schema::Database;
use cortex_postgres::{Abort, Address, ConnectError, Pool, PoolConfig, Pooler};
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use rstest::rstest;

use crate::support::{COMPANY_A, Host, Owned, Past, address, company, count};

fn pool(address: Address, pooler: Pooler) -> Pool {
    Pool::new(PoolConfig {
        address,
        company: company(COMPANY_A),
        pooler,
        size: 2.try_into().unwrap(),
        acquire_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(5),
    })
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

async fn ask(pool: &Pool, query: &str) -> Result<String, StoreError> {
    let query = format!("select ({query})::text as line");
    let query = &query;
    pool.run(async |connection: &mut AsyncPgConnection| sql_query(query).get_result::<Line>(connection).await)
        .await
        .map(|answer| answer.line)
}

#[rstest]
#[case(Pooler::Session)]
#[case(Pooler::Transaction)]
#[tokio::test(flavor = "multi_thread")]
async fn every_connection_works_as_the_app_role_for_its_company(#[case] pooler: Pooler) {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let pool = pool(address(&owned.database.url_as(&owned.owner)), pooler);

    assert_eq!(ask(&pool, "select current_user").await.unwrap(), "cortex_app");
    assert_eq!(ask(&pool, "select current_setting('cortex.tenant_id')").await.unwrap(), COMPANY_A);
    assert_eq!(ask(&pool, "select current_setting('statement_timeout')").await.unwrap(), "5s");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_nothing_of_ours_outlives_the_transaction() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let pool = pool(address(&owned.database.url_as(&owned.owner)), Pooler::Transaction);
    pool.ping().await.unwrap();

    let left = "select count(*) from pg_prepared_statements";
    assert_eq!(ask(&pool, left).await.unwrap(), "1", "the asking statement itself and no other");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_decides_against_itself_leaves_nothing() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let pool = pool(address(&owned.database.url_as(&owned.owner)), Pooler::Session);

    let outcome: Result<(), StoreError> = pool
        .transaction(async |connection: &mut AsyncPgConnection| {
            let insert = format!(
                "insert into connections (tenant_id, provider_key, connection_id, user_id) \
                 values ('{COMPANY_A}', 'gmail', 'broker', 'user')"
            );
            connection.batch_execute(&insert).await?;
            Err(Abort::Decided(StoreError::Broken("decided".into())))
        })
        .await;

    assert_eq!(outcome.unwrap_err().to_string(), "the database refused or answered nonsense");
    assert_eq!(count(&owned.as_owner().await, "select count(*) from connections").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_called_off_holds_no_lock() {
    let owned = Owned::migrated(Database::Company, Past::LivedIn, Host::Plain).await;
    let pool = pool(address(&owned.database.url_as(&owned.owner)), Pooler::Session);
    let locked = tokio::sync::Notify::new();

    let work = pool.transaction::<(), StoreError, _>(async |connection: &mut AsyncPgConnection| {
        connection.batch_execute("select from connections for update").await?;
        locked.notify_one();
        std::future::pending().await
    });
    tokio::select! {
        outcome = work => panic!("it never ends: {outcome:?}"),
        () = locked.notified() => {}
    }

    // Through another pool: the first would look at its connection before giving it out again.
    let touch = "update connections set updated_at = now()";
    let elsewhere = self::pool(address(&owned.database.url_as(&owned.owner)), Pooler::Session);
    let touched = elsewhere.run(async |connection: &mut AsyncPgConnection| connection.batch_execute(touch).await).await;
    assert!(touched.is_ok(), "{touched:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_is_a_database_that_is_away() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let pool = Pool::new(PoolConfig {
        address: address(&owned.database.url_as(&owned.owner)),
        company: company(COMPANY_A),
        pooler: Pooler::Session,
        size: 1.try_into().unwrap(),
        acquire_timeout: Duration::from_millis(20),
        statement_timeout: Duration::from_secs(5),
    });
    // The first connection takes longer to make than this pool waits; made, it stays.
    while pool.ping().await.is_err() {}

    let held = pool
        .run(async |_connection: &mut AsyncPgConnection| {
            let second = pool.ping().await;
            assert!(matches!(second, Err(StoreError::Unavailable(_))), "{second:?}");
            Ok(())
        })
        .await;

    assert!(held.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_an_error_that_passes() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let pool = Pool::new(PoolConfig {
        address: address(&owned.database.url_as(&owned.owner)),
        company: company(COMPANY_A),
        pooler: Pooler::Session,
        size: 1.try_into().unwrap(),
        acquire_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_millis(50),
    });

    let slow = ask(&pool, "select pg_sleep(30)").await;

    assert!(matches!(slow, Err(StoreError::Unavailable(_))), "{slow:?}");
    assert_eq!(ask(&pool, "select 1").await.unwrap(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_outlives_a_connection_that_the_server_ended() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let pool = pool(address(&owned.database.url_as(&owned.owner)), Pooler::Session);
    pool.ping().await.unwrap();
    let end = "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity \
               where datname = current_database() and application_name = 'cortex-test'";
    assert_eq!(count(&owned.database.connect().await, end).await, 1);

    // The first use may still meet the dead connection.
    if let Err(error) = pool.ping().await {
        assert!(error.is_transient(), "{error:?}");
    }

    pool.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_may_not_become_the_app_role_is_refused() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let stranger = cortex_test_support::TestRole::create().await;

    let error = pool(address(&owned.database.url_as(&stranger)), Pooler::Session).ping().await.unwrap_err();

    let StoreError::Unavailable(source) = error else { panic!("{error:?}") };
    assert!(source.to_string().contains("permission denied to set role \"cortex_app\""), "{source}");
}

/// The server of the tests shows a certificate of its own authority, where it was made with one.
fn server_authority() -> Option<PathBuf> {
    cortex_test_support::TestServer::from_env().ca_file().map(PathBuf::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_held_to_the_authority_and_the_name_that_the_url_asks_for() {
    let Some(authority) = server_authority() else {
        // A server that somebody else provides need not speak TLS.
        return;
    };
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let url = owned.database.url_as(&owned.owner);
    let url = url.split('?').next().unwrap();
    let with = |mode: &str, ca: Option<&PathBuf>| {
        Address::parse(&format!("{url}?sslmode={mode}").into(), ca, "cortex-test").unwrap()
    };
    // Who works as cortex_app sees no details of sessions, not even of his own.
    let watcher = owned.database.connect().await;
    let encrypted = "select count(*) from pg_stat_ssl join pg_stat_activity using (pid) \
                     where datname = current_database() and application_name = 'cortex-test' and ssl";

    for (mode, ca, expected) in [
        ("disable", None, 0),
        ("prefer", None, 1),
        ("require", None, 1),
        ("require", Some(&authority), 1),
        ("verify-ca", Some(&authority), 1),
        ("verify-full", Some(&authority), 1),
    ] {
        // The session of the migration, or of the mode before, takes a moment to go.
        let open = "select count(*) from pg_stat_activity \
                    where datname = current_database() and application_name = 'cortex-test'";
        while count(&watcher, open).await > 0 {}
        let pool = pool(with(mode, ca), Pooler::Session);
        pool.ping().await.unwrap();
        assert_eq!(count(&watcher, encrypted).await, expected, "sslmode={mode}");
    }

    let elsewhere = url.replace("127.0.0.1", "localhost.localdomain");
    if elsewhere != url {
        let other_name = format!("{elsewhere}?sslmode=verify-full&hostaddr=127.0.0.1");
        let address = Address::parse(&other_name.into(), Some(&authority), "cortex-test").unwrap();
        let error = pool(address, Pooler::Session).ping().await.unwrap_err();
        let StoreError::Unavailable(source) = error else { panic!("{error:?}") };
        assert!(source.to_string().contains("certificate"), "{source}");
    }

    let public = with("verify-full", None);
    let error = pool(public, Pooler::Session).ping().await.unwrap_err();
    let StoreError::Unavailable(source) = error else { panic!("{error:?}") };
    assert!(source.to_string().contains("certificate"), "{source}");
}

#[test]
fn a_ca_file_that_is_not_there_is_named() {
    let missing = PathBuf::from("/nowhere/ca.pem");

    let error = Address::parse(
        &"postgres://nora:hush@db.example/books?sslmode=verify-full".into(),
        Some(&missing),
        "cortex-test",
    );

    let Err(ConnectError::Tls { reason, .. }) = error else { panic!("an error was expected") };
    assert!(reason.contains("/nowhere/ca.pem"), "{reason}");
}
