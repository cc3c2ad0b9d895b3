//! [`PgCompanyLeaves`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgCompanyLeaves;
use cortex_sync_jobs::ports::CompanyLeaves;
use cortex_sync_jobs::testing::company_leaves::Harness;
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B, company_leaves};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        let world = World::new(Database::Master, [COMPANY_A, COMPANY_B]).await;
        world.put_companies().await;
        Self(world)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn leaves(&self, company_id: CompanyId) -> Arc<dyn CompanyLeaves> {
        Arc::new(PgCompanyLeaves::new(self.0.pool(company_id)))
    }

    async fn put(&self, company_id: CompanyId, leave: Option<bool>) {
        let upsert = "insert into sync_permissions (company_id, can_manual_sync_override) values ($1, $2) \
                      on conflict (company_id) do update set can_manual_sync_override = excluded.can_manual_sync_override";
        self.0.superuser().execute(upsert, &[&company_id.as_uuid(), &leave]).await.unwrap();
    }
}

cortex_sync_jobs::company_leaves_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_a_company_without_a_leave_has_none() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;
    harness.put(COMPANY_B, Some(true)).await;

    company_leaves::without_a_leave_of_the_company_none_is_used_up(&harness).await;
}
