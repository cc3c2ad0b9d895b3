//! [`PgProfileReader`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_identity::model::{Company, Membership};
use cortex_identity::ports::ProfileReader;
use cortex_identity::testing::profile_reader::Harness;
use cortex_identity::testing::{COMPANY_A, COMPANY_B};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgProfileReader;
use time::OffsetDateTime;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Master, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn reader(&self) -> Arc<dyn ProfileReader> {
        Arc::new(PgProfileReader::new(self.0.pool(COMPANY_A)))
    }

    async fn put_company(&self, company: Company, backend_url: Option<&str>) {
        let Company { id, slug, name, status } = company;
        let insert = "insert into companies (id, slug, name, status, backend_url) values ($1, $2, $3, $4, $5)";
        self.0.superuser().execute(insert, &[&id.as_uuid(), &slug, &name, &status.name(), &backend_url]).await.unwrap();
    }

    async fn put_membership(&self, membership: Membership, last_login_at: Option<OffsetDateTime>) {
        let Membership { user_id, company_id, email, role, is_active, .. } = membership;
        let insert = "insert into company_users (user_id, company_id, email, role, is_active, last_login_at) \
                      values ($1, $2, $3, $4, $5, $6)";
        let (user_id, company_id) = (user_id.as_uuid(), company_id.as_uuid());
        // Two members of a company have two addresses.
        let email = format!("{user_id}.{}", email.as_str());
        self.0
            .superuser()
            .execute(insert, &[&user_id, &company_id, &email, &role.name(), &is_active, &last_login_at])
            .await
            .unwrap();
    }
}

cortex_identity::profile_reader_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_identity::testing::profile_reader::a_membership_in_another_company_is_no_profile(&harness).await;
}
