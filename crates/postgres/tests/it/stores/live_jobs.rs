//! [`PgLiveJobs`], and [`PgMembers`] where it tells who may have accounts read.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, Provider, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgJobQueue, PgLiveJobs, PgMembers, PgSyncStarter};
use cortex_sync_jobs::ports::{ActiveMembers, JobQueue, LiveJobs, SyncStarter};
use cortex_sync_jobs::testing::live_jobs::{Harness, MemberHarness};
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B, live_jobs};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn live(&self, company_id: CompanyId) -> Arc<dyn LiveJobs> {
        Arc::new(PgLiveJobs::new(self.0.pool(company_id)))
    }

    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue> {
        Arc::new(PgJobQueue::new(self.0.pool(company_id)))
    }

    fn starter(&self, company_id: CompanyId) -> Arc<dyn SyncStarter> {
        Arc::new(PgSyncStarter::new(self.0.pool(company_id)))
    }

    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        self.0.connect(company_id, user_id, provider).await
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

cortex_sync_jobs::live_jobs_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    live_jobs::another_companys_jobs_are_not_told_of_and_not_called_off(&harness).await;
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
        fn members(&self, company_id: CompanyId) -> Arc<dyn ActiveMembers> {
            Arc::new(PgMembers::new(self.0.pool(company_id)))
        }

        async fn put(&self, company_id: CompanyId, user_id: UserId, is_active: bool) {
            let insert = "insert into company_users (user_id, company_id, email, role, is_active) \
                          values ($1, $2, $3, 'user', $4)";
            let (user, company, email) = (user_id.as_uuid(), company_id.as_uuid(), format!("{user_id}@example.com"));
            self.0.superuser().execute(insert, &[&user, &company, &email, &is_active]).await.unwrap();
        }
    }

    cortex_sync_jobs::active_members_contract!(PgMembersHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgMembersHarness::new().await;
        harness.0.open_walls().await;

        live_jobs::members_of_another_company_are_none(&harness).await;
    }
}
