//! [`PgWorkers`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, Provider, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgJobQueue, PgWorkers};
use cortex_sync_jobs::ports::{JobQueue, Workers};
use cortex_sync_jobs::testing::workers::Harness;
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B, workers};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn workers(&self, company_id: CompanyId) -> Arc<dyn Workers> {
        Arc::new(PgWorkers::new(self.0.pool(company_id)))
    }

    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue> {
        Arc::new(PgJobQueue::new(self.0.pool(company_id)))
    }

    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        self.0.connect(company_id, user_id, provider).await
    }

    async fn pass(&self, time: Duration) {
        for update in [
            "update workers set last_tick_at = last_tick_at - make_interval(secs => $1)",
            "update sync_jobs set lease_until = lease_until - make_interval(secs => $1)",
        ] {
            self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
        }
    }
}

cortex_sync_jobs::workers_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    workers::another_companys_workers_are_not_listed(&harness).await;
}
