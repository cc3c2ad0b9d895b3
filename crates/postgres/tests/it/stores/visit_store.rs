//! [`PgVisitStore`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_identity::model::{Membership, Visit};
use cortex_identity::ports::VisitStore;
use cortex_identity::testing::visit_store::Harness;
use cortex_identity::testing::{COMPANY_A, COMPANY_B, NOON, USER_1, a_membership};
use cortex_kernel::{CompanyId, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgVisitStore;
use time::OffsetDateTime;

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
    fn store(&self) -> Arc<dyn VisitStore> {
        Arc::new(PgVisitStore::new(self.0.pool(COMPANY_A)))
    }

    async fn put_membership(&self, membership: Membership) {
        let Membership { user_id, company_id, email, is_active, .. } = membership;
        let insert = "insert into company_users (user_id, company_id, email, is_active) values ($1, $2, $3, $4)";
        let (user_id, company_id) = (user_id.as_uuid(), company_id.as_uuid());
        let insertion = self.0.superuser().execute(insert, &[&user_id, &company_id, &email.as_str(), &is_active]).await;
        insertion.unwrap();
    }

    async fn find(&self, company_id: CompanyId, user_id: UserId) -> (Option<OffsetDateTime>, String) {
        let select = "select last_login_at, email from company_users where company_id = $1 and user_id = $2";
        let row = self.0.superuser().query_one(select, &[&company_id.as_uuid(), &user_id.as_uuid()]).await.unwrap();
        (row.get(0), row.get(1))
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("audit_log_global", company_id).await
    }
}

cortex_identity::visit_store_contract!(PgHarness::new().await);

/// Databases that have lived may hold members who share an address, and then they lack the unique index.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_guarded_without_the_index_too() {
    let harness = PgHarness::new().await;
    harness.0.superuser().batch_execute("drop index company_users_active_email").await.unwrap();

    cortex_identity::testing::visit_store::an_address_that_an_active_colleague_has_is_not_taken(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_identity::testing::visit_store::another_companys_membership_stays_as_it_is(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_visits_are_one_statement() {
    let harness = PgHarness::new().await;
    harness.put_membership(a_membership()).await;
    let mut visits: Vec<_> = (0..1_000)
        .map(|number| UserId::new(uuid::Uuid::from_u128(number)))
        .map(|user_id| Visit { user_id, at: NOON, new_email: None })
        .collect();
    visits.push(Visit { user_id: USER_1, at: NOON, new_email: None });

    harness.store().record(COMPANY_A, &visits).await.unwrap();

    assert_eq!(harness.find(COMPANY_A, USER_1).await.0, Some(NOON));
}
