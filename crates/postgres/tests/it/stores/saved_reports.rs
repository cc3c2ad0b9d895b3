//! [`PgSavedReports`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::ports::SavedReports;
use cortex_insights::testing::saved_reports::{self, Harness};
use cortex_insights::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgSavedReports;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn reports(&self, company_id: CompanyId) -> Arc<dyn SavedReports> {
        Arc::new(PgSavedReports::new(self.0.pool(company_id)))
    }
}

cortex_insights::saved_reports_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_owners_and_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    saved_reports::somebody_elses_report_is_absent(&harness).await;
    saved_reports::another_companys_report_is_absent(&harness).await;
}
