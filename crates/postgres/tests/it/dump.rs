//! A backup by the owner, and its restore under another one.

use std::process::Command;
use std::sync::Arc;

use cortex_kernel::SystemClock;
use cortex_postgres::doctor::{Examiner, Walls};
use cortex_postgres::schema::Database;
use cortex_test_support::{TestDatabase, TestRole};

use crate::support::{COMPANY_A, Host, Owned, Past, address, company, count};

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_dumps_all_rows_and_another_owner_restores_them_behind_the_same_walls() {
    let owned = Owned::migrated(Database::Company, Past::LivedIn, Host::Plain).await;
    let dump = "pg_dump";
    let dump =
        Command::new(dump).args(["--no-owner", "--dbname", &owned.database.url_as(&owned.owner)]).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));

    let database = TestDatabase::empty().await;
    let heir = TestRole::create().await;
    database.batch(&format!("alter database {} owner to {}", database.name(), heir.name())).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &dump.stdout).unwrap();
    let restore = Command::new("psql")
        .args(["--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", &database.url_as(&heir), "--file"])
        .arg(file.path())
        .output()
        .unwrap();
    assert!(restore.status.success(), "{}", String::from_utf8_lossy(&restore.stderr));

    let examiner =
        Examiner::new(Database::Company, address(&database.url_as(&heir)), company(COMPANY_A), Arc::new(SystemClock));
    let walls = examiner.examine().await.unwrap().walls.unwrap();
    assert_eq!(walls.search_functions_elsewhere.len(), 3, "they are the heir's: {walls:?}");
    assert_eq!(Walls { search_functions_elsewhere: Vec::new(), ..walls }, Walls::default());

    let restored = database.connect().await;
    restored.batch_execute("update documents set title = title; set role cortex_app").await.unwrap();
    let search =
        "select count(*) from cortex_find_documents('plan', null, 'plan', null, null, null, null, null, now())";
    assert_eq!(count(&restored, "select count(*) from documents").await, 0);
    assert_eq!(count(&restored, search).await, 0);
    restored.batch_execute(&format!("set cortex.tenant_id = '{COMPANY_A}'")).await.unwrap();
    assert_eq!(count(&restored, "select count(*) from documents").await, 2);
    assert_eq!(count(&restored, search).await, 1);
}
