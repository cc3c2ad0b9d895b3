//! [`PgQuarantineStore`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::ports::QuarantineStore;
use cortex_connections::testing::quarantine_store::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, a_quarantined_connection};
use cortex_kernel::{CompanyId, StoreError};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgQuarantineStore;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn quarantine(&self, company_id: CompanyId) -> Arc<dyn QuarantineStore> {
        Arc::new(PgQuarantineStore::new(self.0.pool(company_id)))
    }

    async fn kept(&self, company_id: CompanyId) -> Vec<(String, String, String)> {
        let query = "select connection_id, claimed_user_id, reason from quarantined_connections \
                     where tenant_id = $1 order by id";
        let rows = self.0.superuser().query(query, &[&company_id.to_string()]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

cortex_connections::quarantine_store_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_nothing_is_kept() {
    let harness = PgHarness::new().await;
    harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();

    let refused = harness.quarantine(COMPANY_A).quarantine(&a_quarantined_connection()).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(harness.kept(COMPANY_A).await, []);
}
