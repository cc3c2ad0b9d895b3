//! Databases of one test.

use cortex_test_support::TestDatabase;

use crate::{database_exists, observer};

#[tokio::test]
async fn a_database_is_gone_with_its_value_though_a_session_is_open() {
    let observer = observer().await;
    let database = TestDatabase::empty().await;
    let name = database.name().to_owned();
    let session = database.connect().await;
    session.batch_execute("CREATE TABLE things (id int)").await.unwrap();
    assert!(database_exists(&observer, &name).await);
    drop(database);
    assert!(!database_exists(&observer, &name).await);
    assert!(session.batch_execute("SELECT 1").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_gone_in_a_runtime_of_many_threads_too() {
    let observer = observer().await;
    let database = TestDatabase::empty().await;
    let name = database.name().to_owned();
    drop(database);
    assert!(!database_exists(&observer, &name).await);
}

#[tokio::test]
async fn a_database_of_a_failed_test_is_gone_too() {
    let observer = observer().await;
    let database = TestDatabase::empty().await;
    let name = database.name().to_owned();
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _database = database;
        std::panic::resume_unwind(Box::new("the test failed"));
    }));
    assert!(failed.is_err());
    assert!(!database_exists(&observer, &name).await);
}

#[tokio::test]
async fn databases_of_one_test_are_two() {
    let first = TestDatabase::empty().await;
    let second = TestDatabase::empty().await;
    first.batch("CREATE TABLE only_here (id int)").await;
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'";
    let count: i64 = second.connect().await.query_one(tables, &[]).await.unwrap().get(0);
    assert_ne!(first.name(), second.name());
    assert_eq!(count, 0);
}
