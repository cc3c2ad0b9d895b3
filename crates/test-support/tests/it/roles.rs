//! Logins of one test.

use cortex_test_support::{TestDatabase, TestRole};

use crate::{observer, role_exists};

#[tokio::test]
async fn a_role_has_no_power_but_what_it_is_given() {
    let database = TestDatabase::empty().await;
    let role = TestRole::create().await;
    database.batch("CREATE TABLE secrets (id int)").await;
    let session = database.connect_as(&role).await.unwrap();
    let row = session
        .query_one("SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user", &[])
        .await
        .unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), (false, false, false));
    assert!(session.query("SELECT * FROM secrets", &[]).await.is_err());
    database.batch(&format!("GRANT SELECT ON secrets TO {}", role.name())).await;
    session.query("SELECT * FROM secrets", &[]).await.unwrap();
}

#[tokio::test]
async fn options_of_a_role_are_those_of_create_role() {
    let owners = TestRole::create().await;
    let member = TestRole::with(&format!("BYPASSRLS IN ROLE {}", owners.name())).await;
    let sql = "SELECT rolbypassrls, pg_has_role(rolname, $1, 'member') FROM pg_roles WHERE rolname = $2";
    let row = observer().await.query_one(sql, &[&owners.name(), &member.name()]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (true, true));
}

#[tokio::test]
async fn a_role_is_gone_with_its_value_though_it_is_logged_in() {
    let observer = observer().await;
    let database = TestDatabase::empty().await;
    let role = TestRole::create().await;
    let name = role.name().to_owned();
    let session = database.connect_as(&role).await.unwrap();
    drop(role);
    assert!(!role_exists(&observer, &name).await);
    assert!(session.batch_execute("SELECT 1").await.is_err());
}

#[tokio::test]
async fn a_role_that_owns_a_table_is_gone_with_the_database_of_the_table() {
    let observer = observer().await;
    let database = TestDatabase::empty().await;
    let role = TestRole::create().await;
    let name = role.name().to_owned();
    database.batch(&format!("CREATE TABLE things (id int); ALTER TABLE things OWNER TO {name}")).await;
    drop(role);
    assert!(role_exists(&observer, &name).await, "its table needs an owner");
    drop(database);
    assert!(!role_exists(&observer, &name).await);
}

#[tokio::test]
async fn a_role_shown_for_debugging_hides_its_password() {
    let role = TestRole::create().await;
    assert!(!format!("{role:?}").contains(role.password()));
}
