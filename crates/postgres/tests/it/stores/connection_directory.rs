//! [`PgConnectionDirectory`], [`PgStuckThings`] and [`PgMemberDirectory`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::ports::{
    ConnectionDirectory, ConnectionHealth, ConnectionStore, MemberDirectory, QuarantineStore, StuckThings, WebhookInbox,
};
use cortex_connections::testing::directory::{Harness, MemberHarness};
use cortex_connections::testing::{COMPANY_A, COMPANY_B, directory};
use cortex_kernel::{CompanyId, Email, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{
    PgConnectionDirectory, PgConnectionHealth, PgConnectionStore, PgMemberDirectory, PgQuarantineStore, PgStuckThings,
    PgWebhookInbox,
};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn connections(&self, company_id: CompanyId) -> Arc<dyn ConnectionDirectory> {
        Arc::new(PgConnectionDirectory::new(self.0.pool(company_id)))
    }

    fn stuck(&self, company_id: CompanyId) -> Arc<dyn StuckThings> {
        Arc::new(PgStuckThings::new(self.0.pool(company_id)))
    }

    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore> {
        Arc::new(PgConnectionStore::new(self.0.pool(company_id)))
    }

    fn health(&self, company_id: CompanyId) -> Arc<dyn ConnectionHealth> {
        Arc::new(PgConnectionHealth::new(self.0.pool(company_id)))
    }

    fn inbox(&self, company_id: CompanyId) -> Arc<dyn WebhookInbox> {
        Arc::new(PgWebhookInbox::new(self.0.pool(company_id)))
    }

    fn quarantine(&self, company_id: CompanyId) -> Arc<dyn QuarantineStore> {
        Arc::new(PgQuarantineStore::new(self.0.pool(company_id)))
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        let actions = self.0.audited("admin_audit_log", company_id).await;
        actions.into_iter().filter(|action| action.starts_with("webhook")).collect()
    }
}

cortex_connections::connection_directory_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_stores_themselves_tell_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    directory::another_companys_connections_are_not_told_of(&harness).await;
    directory::what_got_stuck_in_another_company_is_not_told_of_and_not_replayed(&harness).await;
}

mod members {
    use super::*;

    struct PgMembersHarness(World);

    impl PgMembersHarness {
        async fn new() -> Self {
            let world = World::new(Database::Master, [COMPANY_A, COMPANY_B]).await;
            world.put_companies().await;
            Self(world)
        }
    }

    #[async_trait]
    impl MemberHarness for PgMembersHarness {
        fn members(&self, company_id: CompanyId) -> Arc<dyn MemberDirectory> {
            Arc::new(PgMemberDirectory::new(self.0.pool(company_id)))
        }

        async fn put(&self, company_id: CompanyId, user_id: UserId, email: &Email, is_active: bool) {
            let insert = "insert into company_users (user_id, company_id, email, role, is_active) \
                          values ($1, $2, $3, 'user', $4)";
            let superuser = self.0.superuser();
            superuser
                .execute(insert, &[&user_id.as_uuid(), &company_id.as_uuid(), &email.as_str(), &is_active])
                .await
                .unwrap();
        }
    }

    cortex_connections::member_directory_contract!(PgMembersHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgMembersHarness::new().await;
        harness.0.open_walls().await;

        directory::members_of_another_company_are_not_told_of(&harness).await;
    }
}
