//! [`PgMembers`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::ports::Members;
use cortex_connections::testing::members::{Harness, Standing};
use cortex_connections::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::{CompanyId, Email, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgMembers;

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
    fn members(&self, company_id: CompanyId) -> Arc<dyn Members> {
        Arc::new(PgMembers::new(self.0.pool(company_id)))
    }

    async fn put(&self, company_id: CompanyId, user_id: UserId, email: &Email, standing: Standing) {
        let insert = "insert into company_users (user_id, company_id, email, role, is_active, invitation_expires_at) \
                      values ($1, $2, $3, 'user', $4, case when $5 then now() + interval '1 day' end)";
        let (is_active, is_invited) = (standing == Standing::Active, standing == Standing::Invited);
        let superuser = self.0.superuser();
        superuser
            .execute(insert, &[&user_id.as_uuid(), &company_id.as_uuid(), &email.as_str(), &is_active, &is_invited])
            .await
            .unwrap();
    }
}

cortex_connections::members_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::members::a_member_of_another_company_is_no_active_member(&harness).await;
}
