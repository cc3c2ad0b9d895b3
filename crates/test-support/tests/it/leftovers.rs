//! What killed processes leave is removed by the next; what belongs to the living stays.

use std::process::Command;

use cortex_test_support::{Client, Template, TestDatabase};

use crate::{database_exists, observer, role_exists};

/// Names as a process gives them whose token is this.
fn names(token: &str) -> (String, String) {
    assert_eq!(token.len(), 12);
    (format!("cortex_test_{token}_1"), format!("cortex_test_{token}_2"))
}

async fn leave_behind(observer: &Client, token: &str) -> (String, String) {
    let (database, role) = names(token);
    for sql in [format!("CREATE ROLE {role}"), format!("CREATE DATABASE {database} OWNER {role}")] {
        observer.batch_execute(&sql).await.expect("nobody else has these names");
    }
    (database, role)
}

/// A new process that makes use of the server. Templates of other tests are spared.
fn sweep(templates: &str) {
    let program = env!("CARGO_BIN_EXE_cortex-test-sweep");
    assert!(Command::new(program).arg(templates).status().expect("cargo has built it").success());
}

#[tokio::test]
async fn what_a_killed_process_left_is_removed_by_the_next() {
    let observer = observer().await;
    let (database, role) = leave_behind(&observer, "00000000dead").await;
    sweep("none");
    assert!(!database_exists(&observer, &database).await);
    assert!(!role_exists(&observer, &role).await);
}

#[tokio::test]
async fn what_a_living_process_has_stays() {
    let observer = observer().await;
    let database = TestDatabase::empty().await;
    sweep("none");
    assert!(database_exists(&observer, database.name()).await);
    database.batch("SELECT 1").await;
}

#[tokio::test]
async fn templates_are_removed_when_asked_for() {
    let observer = observer().await;
    let database = TestDatabase::create(&Template::new("swept"), async |_| ()).await;
    sweep("swept_");
    let sql = "SELECT count(*) FROM pg_database WHERE starts_with(datname::text, 'cortex_test_tpl_swept_')";
    let templates: i64 = observer.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(templates, 0);
    database.batch("SELECT 1").await;
}

#[tokio::test]
async fn databases_that_only_look_alike_stay() {
    let observer = observer().await;
    let name = "cortex_test_of_somebody_else";
    observer.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
    observer.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    sweep("none");
    let stays = database_exists(&observer, name).await;
    observer.batch_execute(&format!("DROP DATABASE {name}")).await.unwrap();
    assert!(stays);
}

#[test]
fn without_a_server_the_advice_is_given() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_cortex-test-sweep")).env_remove("CORTEX_TEST_PG_URL").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("cargo xtask test"), "{said}");
}
