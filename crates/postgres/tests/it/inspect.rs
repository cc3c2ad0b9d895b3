//! What a service finds out about its login and the schema before it does anything.

use cortex_kernel::StoreError;
use cortex_postgres::migrate::{Inspection, Inspector, names};
use cortex_postgres::schema::Database;
use cortex_test_support::TestRole;
use rstest::rstest;

use crate::support::{COMPANY_A, Host, Owned, Past, address, count};

fn inspector(owned: &Owned, url: &str) -> Inspector {
    Inspector::new(owned.kind, address(url))
}

async fn look_as(owned: &Owned, login: &TestRole) -> Inspection {
    inspector(owned, &owned.database.url_as(login)).look().await.unwrap()
}

fn schema(pending: &[String], unknown: &[&str]) -> Inspection {
    Inspection::Schema {
        pending: pending.to_vec(),
        unknown: unknown.iter().map(|number| (*number).to_owned()).collect(),
    }
}

#[rstest]
#[case(Database::Master)]
#[case(Database::Company)]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_can_become_the_app_role_sees_how_the_schema_stands(#[case] kind: Database) {
    let owned = Owned::migrated(kind, Past::Empty, Host::Plain).await;
    let service = TestRole::with("in role cortex_app").await;

    assert_eq!(look_as(&owned, &service).await, schema(&[], &[]));
    assert_eq!(look_as(&owned, &owned.owner).await, schema(&[], &[]), "an owner too lays down his rights");
    let superuser = inspector(&owned, &owned.database.url()).look().await.unwrap();
    assert_eq!(superuser, schema(&[], &[]), "and a superuser");

    owned.migrator().down(None).await.unwrap();
    let newest = names(kind).pop().unwrap();
    assert_eq!(look_as(&owned, &service).await, schema(&[newest], &[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_version_ran_is_unknown_and_nothing_is_pending() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let service = TestRole::with("in role cortex_app").await;
    owned.database.batch("insert into __diesel_schema_migrations (version) values ('998'), ('999')").await;

    assert_eq!(look_as(&owned, &service).await, schema(&[], &["998", "999"]));
}

#[rstest]
#[case::empty(Past::Empty)]
#[case::lived_in(Past::LivedIn)]
#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_ever_migrated_everything_is_pending(#[case] past: Past) {
    let owned = Owned::new(Database::Company, past, Host::Plain).await;
    let service = TestRole::with("in role cortex_app").await;

    assert_eq!(look_as(&owned, &service).await, schema(&names(Database::Company), &[]));

    // As a first migration leaves it that failed: begun, and not yet opened to the service.
    let begin = "create table __diesel_schema_migrations (version varchar(50) primary key, run_on timestamp)";
    owned.as_owner().await.batch_execute(begin).await.unwrap();
    assert_eq!(look_as(&owned, &service).await, schema(&names(Database::Company), &[]));
}

#[rstest]
#[case::anybody("", vec![])]
#[case::above_the_walls("bypassrls", vec!["above row level security"])]
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_cannot_become_the_app_role_is_named(#[case] options: &str, #[case] expected: Vec<&'static str>) {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let stranger = TestRole::with(options).await;

    let Inspection::LoginKeepsItsRights { login, above_the_walls, reason } = look_as(&owned, &stranger).await else {
        panic!("it may not work here");
    };

    assert_eq!((login.as_str(), above_the_walls), (stranger.name(), expected));
    assert!(reason.contains("cortex_app"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_cannot_lay_down_his_rights_is_named_as_one() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let login = owned.owner.name();
    owned.database.batch(&format!("revoke cortex_app from {login} cascade")).await;

    let found = look_as(&owned, &owned.owner).await;

    let Inspection::LoginKeepsItsRights { above_the_walls, .. } = found else { panic!("{found:?}") };
    assert_eq!(above_the_walls, ["owner of our tables"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_lets_nobody_in_is_away() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let service = TestRole::with("in role cortex_app").await;
    let name = owned.database.name();
    let elsewhere = Owned::new(Database::Master, Past::Empty, Host::Plain).await;
    elsewhere.database.batch(&format!("alter database {name} allow_connections false")).await;

    for url in [owned.database.url_as(&service), "postgres://nobody@127.0.0.1:1/nowhere".to_owned()] {
        let error = inspector(&owned, &url).look().await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }

    elsewhere.database.batch(&format!("alter database {name} allow_connections true")).await;
    assert_eq!(look_as(&owned, &service).await, schema(&[], &[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_leaves_neither_a_session_nor_a_trace() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let service = TestRole::with("in role cortex_app").await;
    let watcher = owned.database.connect().await;
    let rows = "select count(*) from connections";
    let before = count(&watcher, rows).await;

    look_as(&owned, &service).await;

    assert_eq!(count(&watcher, rows).await, before);
    let sessions = format!("select count(*) from pg_stat_activity where usename = '{}'", service.name());
    while count(&watcher, &sessions).await > 0 {}
    let company = owned.as_role("cortex_app", Some(COMPANY_A)).await;
    assert_eq!(count(&company, rows).await, 0);
}
