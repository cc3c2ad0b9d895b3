//! [`PgConnectionStore`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::model::SaveConnection;
use cortex_connections::ports::{ConnectionStore, OwnedPart};
use cortex_connections::testing::connection_store::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, USER_1, a_save};
use cortex_kernel::{CompanyId, ConnectionId, Provider, StoreError};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgConnectionStore;
use time::OffsetDateTime;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore> {
        Arc::new(PgConnectionStore::new(self.0.pool(company_id)))
    }

    async fn disconnect(&self, company_id: CompanyId, id: ConnectionId, at: OffsetDateTime) {
        self.0.disconnect(company_id, id, at).await;
    }

    async fn put_unclaimed(
        &self,
        company_id: CompanyId,
        broker_id: &str,
        connected_at: OffsetDateTime,
    ) -> ConnectionId {
        self.0.put_unclaimed(company_id, broker_id, connected_at).await
    }

    async fn unclaimed(&self, company_id: CompanyId) -> Vec<ConnectionId> {
        self.0.unclaimed(company_id).await
    }

    async fn quarantine(&self, company_id: CompanyId, broker_id: &str) {
        self.0.quarantine(company_id, broker_id).await;
    }

    async fn quarantined(&self, company_id: CompanyId) -> usize {
        let query = "select connection_id from quarantined_connections where tenant_id = $1";
        self.0.superuser().query(query, &[&company_id.to_string()]).await.unwrap().len()
    }

    async fn give_up(&self, company_id: CompanyId, broker_id: &str) {
        let insert = "insert into broker_removals (tenant_id, provider_key, connection_id, removed_at) \
                      values ($1, 'gmail', $2, now())";
        self.0.superuser().execute(insert, &[&company_id.to_string(), &broker_id]).await.unwrap();
    }

    async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String> {
        self.0.to_be_removed(company_id).await
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

cortex_connections::connection_store_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;

    cortex_connections::testing::connection_store::the_same_user_again_keeps_the_row_and_its_connected_at_and_takes_the_new_broker_id(&PgHarness(world)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::connection_store::another_companys_row_reads_as_absent(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_row_tells_who_and_by_which_request() {
    let harness = PgHarness::new().await;

    harness.store(COMPANY_A).save_connection(&a_save()).await.unwrap();

    let told = "select format('%s %s %s %s', tenant_id, user_id, request_id, details ->> 'connection_id') \
                from admin_audit_log";
    let row = harness.0.superuser().query_one(told, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), format!("{COMPANY_A} {USER_1} request-1 broker-1"));
}

/// All or nothing: the row is written before its audit row.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_no_connection_is_saved() {
    let harness = PgHarness::new().await;
    harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();
    let store = harness.store(COMPANY_A);

    let refused = store.save_connection(&a_save()).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(store.find_connection(COMPANY_A, USER_1, Provider::Gmail).await.unwrap(), None);

    harness.0.superuser().batch_execute("grant insert on admin_audit_log to cortex_app").await.unwrap();
    store.save_connection(&a_save()).await.unwrap();
    assert!(store.find_connection(COMPANY_A, USER_1, Provider::Gmail).await.unwrap().is_some());
}

/// One that no program of ours wrote, beside one that is in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_is_named_and_holds_up_no_other() {
    use std::error::Error as _;

    let harness = PgHarness::new().await;
    let store = harness.store(COMPANY_A);
    store.save_connection(&a_save()).await.unwrap();
    let odd = SaveConnection { provider: Provider::Outlook, ..a_save() };
    store.save_connection(&odd).await.unwrap();
    let spoil = "update connections set reason = 'the moon' where provider_key = 'outlook'";
    harness.0.superuser().batch_execute(spoil).await.unwrap();

    let error = store.find_connection(COMPANY_A, USER_1, Provider::Outlook).await.unwrap_err();
    let first = store.list_owned(COMPANY_A, None, 1).await.unwrap();
    let rest = store.list_owned(COMPANY_A, first.next, 1).await.unwrap();

    assert!(!error.is_transient());
    assert_eq!(error.source().unwrap().to_string(), "connections.reason of row 2 cannot be read");
    assert_eq!((first.connections.len(), rest.connections.len()), (1, 0));
    assert_eq!(store.list_owned(COMPANY_A, rest.next, 1).await.unwrap(), OwnedPart { connections: vec![], next: None });
}
