//! [`PgConnectSessionStore`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::ports::ConnectSessionStore;
use cortex_connections::testing::connect_session_store::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, a_connect_session};
use cortex_kernel::{CompanyId, Origin};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgConnectSessionStore;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionStore> {
        Arc::new(PgConnectSessionStore::new(self.0.pool(company_id)))
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

cortex_connections::connect_session_store_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::connect_session_store::a_session_of_another_company_is_not_found(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_no_session_is_remembered() {
    let harness = PgHarness::new().await;
    harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();

    let refused = harness.store(COMPANY_A).remember(&a_connect_session(), &Origin::default()).await;

    assert!(refused.is_err());
    let rows = harness.0.superuser().query("select from connect_sessions", &[]).await.unwrap();
    assert!(rows.is_empty());
}
