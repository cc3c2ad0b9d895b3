//! Clones of a prepared database.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cortex_test_support::{Client, Template, TestDatabase, TestServer, connect};

use tokio::task::{LocalSet, spawn_local};

use crate::{database_exists, observer};

/// Names of templates are of the server, and tests run side by side: each takes its own.
async fn templates_of(observer: &Client, name: &str) -> Vec<String> {
    let sql = "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1) ORDER BY 1";
    let prefix = format!("cortex_test_tpl_{name}_");
    let rows = observer.query(sql, &[&prefix]).await.expect("a catalogue can be read");
    rows.iter().map(|row| row.get(0)).collect()
}

async fn remove(observer: &Client, name: &str) {
    for template in templates_of(observer, name).await {
        let sql = format!("DROP DATABASE {template} WITH (FORCE)");
        observer.batch_execute(&sql).await.expect("a template of this test is in nobody's use");
    }
}

async fn batch(url: String, sql: &str) {
    let client = connect(&url).await.expect("a draft takes connections");
    client.batch_execute(sql).await.expect("the statements of this test are right");
}

#[tokio::test]
async fn a_template_is_prepared_once_and_each_clone_has_a_copy_of_its_own() {
    let observer = observer().await;
    remove(&observer, "once").await;
    let template = Template::new("once");
    let prepared = AtomicUsize::new(0);
    let create = || {
        TestDatabase::create(&template, async |url| {
            prepared.fetch_add(1, Ordering::SeqCst);
            batch(url, "CREATE TABLE things (id int); INSERT INTO things VALUES (1)").await;
        })
    };
    let first = create().await;
    first.batch("DELETE FROM things").await;
    let second = create().await;
    let count: i64 = second.connect().await.query_one("SELECT count(*) FROM things", &[]).await.unwrap().get(0);
    assert_eq!((prepared.load(Ordering::SeqCst), count), (1, 1));
    remove(&observer, "once").await;
}

#[tokio::test]
async fn many_at_once_prepare_a_template_once() {
    let observer = observer().await;
    remove(&observer, "many").await;
    let template = Template::new("many");
    let prepared = AtomicUsize::new(0);
    let create = || {
        TestDatabase::create(&template, async |url| {
            prepared.fetch_add(1, Ordering::SeqCst);
            batch(url, "CREATE TABLE things (id int)").await;
        })
    };
    let databases = tokio::join!(create(), create(), create(), create());
    databases.3.batch("INSERT INTO things VALUES (1)").await;
    assert_eq!(prepared.load(Ordering::SeqCst), 1);
    remove(&observer, "many").await;
}

#[tokio::test]
async fn a_template_whose_preparation_failed_is_prepared_again() {
    let observer = observer().await;
    remove(&observer, "failed").await;
    let template = Template::new("failed");
    let draft = Rc::new(RefCell::new(String::new()));
    let creation = {
        let (template, draft) = (template.clone(), Rc::clone(&draft));
        let prepare = async move |url: String| {
            draft.replace(url);
            panic!("no migrations here");
        };
        async move { TestDatabase::create(&template, prepare).await }
    };
    let failed = LocalSet::new().run_until(async { spawn_local(creation).await }).await;
    assert!(failed.unwrap_err().is_panic());
    let draft = draft.borrow().rsplit('/').next().unwrap().to_owned();
    assert!(draft.starts_with("cortex_test_") && !database_exists(&observer, &draft).await);
    assert_eq!(templates_of(&observer, "failed").await, [""; 0]);
    let database = TestDatabase::create(&template, async |url| {
        batch(url, "CREATE TABLE things (id int)").await;
    })
    .await;
    database.batch("INSERT INTO things VALUES (1)").await;
    remove(&observer, "failed").await;
}

#[tokio::test]
async fn a_newer_template_takes_the_place_of_the_older() {
    let observer = observer().await;
    let older = TestDatabase::create(&Template::new("newer").text("1"), async |_| ()).await;
    let before = templates_of(&observer, "newer").await;
    let newer = TestDatabase::create(&Template::new("newer").text("2"), async |_| ()).await;
    let after = templates_of(&observer, "newer").await;
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before, after);
    older.batch("SELECT 1").await;
    drop(newer);
    remove(&observer, "newer").await;
}

#[tokio::test]
async fn a_template_takes_no_connections_and_a_clone_does() {
    let observer = observer().await;
    let database = TestDatabase::create(&Template::new("closed"), async |_| ()).await;
    let template = templates_of(&observer, "closed").await.remove(0);
    let url = TestServer::from_env().url(&template);
    assert!(connect(&url).await.is_err());
    database.batch("SELECT 1").await;
    remove(&observer, "closed").await;
}
