//! [`PgJobDirectory`] and [`PgSyncOverrides`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, Provider, StoreError, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgJobDirectory, PgJobQueue, PgSyncOverrides, PgSyncStarter};
use cortex_sync_jobs::model::{Override, SyncRequest, SyncStart, SyncWish, Trigger};
use cortex_sync_jobs::ports::{JobDirectory, JobQueue, SyncOverrides, SyncStarter};
use cortex_sync_jobs::testing::job_directory::{Harness, a_new_override};
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B, USER_1, a_new_job, a_request};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn directory(&self, company_id: CompanyId) -> Arc<dyn JobDirectory> {
        Arc::new(PgJobDirectory::new(self.0.pool(company_id)))
    }

    fn overrides(&self, company_id: CompanyId) -> Arc<dyn SyncOverrides> {
        Arc::new(PgSyncOverrides::new(self.0.pool(company_id)))
    }

    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue> {
        Arc::new(PgJobQueue::new(self.0.pool(company_id)))
    }

    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        self.0.connect(company_id, user_id, provider).await
    }

    async fn pass(&self, time: Duration) {
        let update = "update sync_jobs set created_at = created_at - make_interval(secs => $1), \
                      completed_at = completed_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }

    async fn words(&self, company_id: CompanyId) -> Vec<(Option<UserId>, Option<Provider>, Override)> {
        let query = "select user_id, provider, allow from sync_overrides \
                     where tenant_id = $1 and consumed_at is null order by id";
        let rows = self.0.superuser().query(query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter()
            .map(|row| {
                let (user, provider): (Option<String>, Option<String>) = (row.get(0), row.get(1));
                let says = if row.get(2) { Override::Allow } else { Override::Block };
                (user.map(|user| user.parse().unwrap()), provider.map(|provider| provider.parse().unwrap()), says)
            })
            .collect()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

cortex_sync_jobs::job_directory_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_sync_jobs::testing::job_directory::another_companys_jobs_are_not_told_of(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_no_word_is_kept() {
    let harness = PgHarness::new().await;
    harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();

    let refused = harness.overrides(COMPANY_A).set(&a_new_override()).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(harness.words(COMPANY_A).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_admin_does_is_told_with_his_session() {
    let harness = PgHarness::new().await;
    harness.connect(COMPANY_A, USER_1, Provider::Gmail).await;
    let session = a_new_override().session_id;
    harness.overrides(COMPANY_A).set(&a_new_override()).await.unwrap();
    let by_admin = SyncRequest {
        wish: SyncWish::Due,
        trigger: Trigger::Admin,
        triggered_by: Some(session.to_string()),
        retry_of: Some(a_new_job().id),
        ..a_request()
    };
    let start = SyncStart { request: by_admin, id: a_new_job().id, max_attempts: 3, has_leave: false };
    PgSyncStarter::new(harness.0.pool(COMPANY_A)).start(&start).await.unwrap();

    let told = "select format('%s %s %s %s', action, session_id, request_id, details ->> 'original_job_id') \
                from admin_audit_log order by created_at";
    let rows = harness.0.superuser().query(told, &[]).await.unwrap();
    let told: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let ended = a_new_job().id;
    assert_eq!(
        told,
        [format!("override_set {session} request-1 "), format!("job_retried {session} request-1 {ended}")]
    );
}
