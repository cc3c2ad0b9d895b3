//! A pooler in transaction mode.

use cortex_test_support::{Connections, TestDatabase, TestPooler, TestRole};

#[tokio::test]
async fn clients_share_a_connection_from_transaction_to_transaction() {
    let database = TestDatabase::empty().await;
    let role = TestRole::create().await;
    let Some(pooler) = TestPooler::start(&role, 1).await else { return };
    let (one, other) = (pooler.connect(&database).await, pooler.connect(&database).await);

    one.batch_execute("set cortex.something = 'left behind'").await.unwrap();
    let found = other.query_typed("select current_setting('cortex.something'), current_user::text", &[]).await.unwrap();

    assert_eq!((found[0].get(0), found[0].get(1)), ("left behind", role.name()));
    assert_eq!(pooler.connections(&database).await, Connections { clients: 2, servers: 1 });
    drop(pooler);
    assert!(one.batch_execute("").await.is_err(), "it ends with its value");
}
