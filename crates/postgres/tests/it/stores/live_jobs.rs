//! [`PgLiveJobs`], and [`PgMembers`] where it tells who may have accounts read.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{AdminSessionId, CompanyId, ConnectionId, JobId, Origin, Provider, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgJobQueue, PgLiveJobs, PgMembers, PgSyncStarter};
use cortex_sync_jobs::model::{Asker, Cancellation, NOBODY, NewJob};
use cortex_sync_jobs::ports::{ActiveMembers, JobQueue, LiveJobs, SyncStarter};
use cortex_sync_jobs::testing::live_jobs::{Harness, MemberHarness};
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B, a_new_company_job, live_jobs};

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

#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_calls_off_is_told_with_his_session_and_whose_it_was() {
    let harness = PgHarness::new().await;
    let session = AdminSessionId::new(uuid::Uuid::from_u128(9));
    let of_member = a_new_company_job();
    let of_nobody = NewJob { user_id: NOBODY, id: JobId::new(uuid::Uuid::from_u128(2)), ..a_new_company_job() };
    for job in [&of_member, &of_nobody] {
        harness.queue(COMPANY_A).enqueue(job).await.unwrap();
        let by = Asker::Admin(session);
        let cancellation = Cancellation { company_id: COMPANY_A, id: job.id, by, origin: Origin::default() };
        assert!(harness.live(COMPANY_A).call_off_job(&cancellation).await.unwrap().is_some());
    }

    let told = "select format('%s %s %s %s', action, session_id, user_id, details ->> 'period') \
                from admin_audit_log order by created_at";
    let rows = harness.0.superuser().query(told, &[]).await.unwrap();
    let told: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let user = of_member.user_id;
    let expected =
        [format!("job_cancelled {session} {user} 2026-03-02"), format!("job_cancelled {session}  2026-03-02")];
    assert_eq!(told, expected);
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
