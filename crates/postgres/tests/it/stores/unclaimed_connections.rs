//! [`PgUnclaimedConnections`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::ports::{ConnectionEndings, ConnectionStore, UnclaimedConnections};
use cortex_connections::testing::unclaimed_connections::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, NOON};
use cortex_kernel::{CompanyId, ConnectionId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgConnectionEndings, PgConnectionStore, PgUnclaimedConnections};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn unclaimed(&self, company_id: CompanyId) -> Arc<dyn UnclaimedConnections> {
        Arc::new(PgUnclaimedConnections::new(self.0.pool(company_id)))
    }

    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore> {
        Arc::new(PgConnectionStore::new(self.0.pool(company_id)))
    }

    fn endings(&self, company_id: CompanyId) -> Arc<dyn ConnectionEndings> {
        Arc::new(PgConnectionEndings::new(self.0.pool(company_id)))
    }

    async fn put_unclaimed(&self, company_id: CompanyId) -> ConnectionId {
        self.0.put_unclaimed(company_id, "old-1", NOON).await
    }
}

cortex_connections::unclaimed_connections_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::unclaimed_connections::those_of_another_company_are_not_told_of(&harness).await;
}
