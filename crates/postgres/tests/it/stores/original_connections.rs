//! [`PgOriginalConnections`].

use std::sync::Arc;

use cortex_connections::ports::OriginalConnections;
use cortex_connections::testing::original_connections::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, USER_1, a_connected_account};
use cortex_kernel::{CompanyId, Provider};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgOriginalConnections;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        let world = World::new(Database::Master, [COMPANY_A, COMPANY_B]).await;
        world.put_companies().await;
        Self(world)
    }
}

impl Harness for PgHarness {
    fn originals(&self, company_id: CompanyId) -> Arc<dyn OriginalConnections> {
        Arc::new(PgOriginalConnections::new(self.0.pool(company_id)))
    }
}

cortex_connections::original_connections_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::original_connections::the_original_of_another_company_reads_as_absent(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_is_the_users_in_the_company() {
    let harness = PgHarness::new().await;

    harness.originals(COMPANY_A).note(&a_connected_account()).await.unwrap();

    let told = "select format('%s %s %s %s %s', company_id, tenant_id, provider, original_email, connected_by) \
                from nango_original_connections";
    let row = harness.0.superuser().query_one(told, &[]).await.unwrap();
    let expected = format!("{COMPANY_A} {USER_1} gmail mailbox@example.com one@example.com");
    assert_eq!(row.get::<_, String>(0), expected);
}

/// Older programs left what they liked.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_row_is_read_as_far_as_it_can_be() {
    let harness = PgHarness::new().await;
    let insert = "insert into nango_original_connections \
                  (company_id, tenant_id, provider, original_email, nango_connection_id, reconnection_count) \
                  values ($1, $2, 'gmail', 'nobody', 'old', null)";
    harness.0.superuser().execute(insert, &[&COMPANY_A.as_uuid(), &USER_1.to_string()]).await.unwrap();

    let found = harness.originals(COMPANY_A).find_original(COMPANY_A, USER_1, Provider::Gmail).await.unwrap().unwrap();

    assert_eq!((found.account.email, found.reconnects, found.broker_id.as_str()), (None, 0, "old"));
}
