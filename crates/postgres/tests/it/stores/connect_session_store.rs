//! [`PgConnectSessionStore`].

use std::sync::Arc;

use cortex_connections::ports::ConnectSessionStore;
use cortex_connections::testing::connect_session_store::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgConnectSessionStore;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

impl Harness for PgHarness {
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionStore> {
        Arc::new(PgConnectSessionStore::new(self.0.pool(company_id)))
    }
}

cortex_connections::connect_session_store_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::connect_session_store::a_session_of_another_company_is_not_found(&harness).await;
}
