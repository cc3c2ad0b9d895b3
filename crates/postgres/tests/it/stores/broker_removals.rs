//! [`PgBrokerRemovals`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_connections::model::BrokerReference;
use cortex_connections::ports::BrokerRemovals;
use cortex_connections::testing::broker_removals::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, USER_1};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgBrokerRemovals;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn removals(&self, company_id: CompanyId) -> Arc<dyn BrokerRemovals> {
        Arc::new(PgBrokerRemovals::new(self.0.pool(company_id)))
    }

    async fn pass(&self, time: Duration) {
        let update = "update broker_removals set run_after = run_after - make_interval(secs => $1), \
                        removed_at = removed_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }

    async fn connect(&self, company_id: CompanyId, reference: &BrokerReference) {
        let id = self.0.connect(company_id, USER_1, reference.provider).await;
        let update = "update connections set connection_id = $2 where id = $1";
        self.0.superuser().execute(update, &[&id.get(), &reference.id.as_str()]).await.unwrap();
    }
}

cortex_connections::broker_removals_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::broker_removals::another_companys_removals_are_not_claimed(&harness).await;
}
