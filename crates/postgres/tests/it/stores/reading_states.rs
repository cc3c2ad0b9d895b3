//! [`PgReadingStates`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_ingestion::ports::ReadingStates;
use cortex_ingestion::testing::reading_states::Harness;
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::{CompanyId, ConnectionId, Provider, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgReadingStates;
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
    fn states(&self) -> Arc<dyn ReadingStates> {
        Arc::new(PgReadingStates::new(self.0.pool(COMPANY_A)))
    }

    async fn put_connection(&self, company_id: CompanyId, user_id: UserId) -> ConnectionId {
        self.0.connect(company_id, user_id, Provider::Gmail).await
    }

    async fn begin(&self, id: ConnectionId, is_complete: bool) {
        let update = "update connections set can_manual_sync = false, initial_sync_completed = $2 where id = $1";
        self.0.superuser().execute(update, &[&id.get(), &is_complete]).await.unwrap();
    }

    async fn put_job(&self, id: ConnectionId, is_completed: bool, at: OffsetDateTime) {
        let insert = "insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status, \
                        completed_at) \
                      select tenant_id, user_id, id, 'gmail', 'incremental', 'user', $2, $3 from connections where id = $1";
        let status = if is_completed { "completed" } else { "failed" };
        self.0.superuser().execute(insert, &[&id.get(), &status, &at]).await.unwrap();
    }
}

cortex_ingestion::reading_states_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_ingestion::testing::reading_states::another_companys_connection_is_not_told_of(&harness).await;
}
