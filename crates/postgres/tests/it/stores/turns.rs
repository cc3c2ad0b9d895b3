//! [`PgTurns`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_connections::ports::Turns;
use cortex_connections::testing::turns::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgTurns;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn turns(&self, company_id: CompanyId) -> Arc<dyn Turns> {
        Arc::new(PgTurns::new(self.0.pool(company_id)))
    }

    async fn pass(&self, time: Duration) {
        let update = "update upkeep_turns set next_at = next_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }
}

cortex_connections::turns_contract!(PgHarness::new().await);
