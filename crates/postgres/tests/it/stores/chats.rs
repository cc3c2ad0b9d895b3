//! [`PgChats`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::ports::Chats;
use cortex_insights::testing::chats::{self, Harness};
use cortex_insights::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgChats;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn chats(&self, company_id: CompanyId) -> Arc<dyn Chats> {
        Arc::new(PgChats::new(self.0.pool(company_id)))
    }
}

cortex_insights::chats_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_owners_and_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    chats::somebody_elses_chat_is_absent(&harness).await;
    chats::another_companys_chat_is_absent(&harness).await;
}
