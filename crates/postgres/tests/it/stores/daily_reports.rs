//! [`PgDailyReports`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::ports::DailyReports;
use cortex_insights::testing::daily_reports::{self, Harness};
use cortex_insights::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgDailyReports;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn reports(&self, company_id: CompanyId) -> Arc<dyn DailyReports> {
        Arc::new(PgDailyReports::new(self.0.pool(company_id)))
    }
}

cortex_insights::daily_reports_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    daily_reports::another_companys_reports_are_not_told(&harness).await;
}
