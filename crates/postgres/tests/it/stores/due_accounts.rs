//! [`PgDueAccounts`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, Provider, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgDueAccounts, PgJobQueue, PgSyncStarter};
use cortex_sync_jobs::model::Access;
use cortex_sync_jobs::ports::{DueAccounts, JobQueue, SyncStarter};
use cortex_sync_jobs::testing::due_accounts::{self, Harness};
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn due(&self, company_id: CompanyId) -> Arc<dyn DueAccounts> {
        Arc::new(PgDueAccounts::new(self.0.pool(company_id)))
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

    async fn set_access(&self, id: ConnectionId, access: Access) {
        self.0.set_access(id, access).await;
    }

    async fn pass(&self, time: Duration) {
        let update = "update sync_jobs set created_at = created_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }
}

cortex_sync_jobs::due_accounts_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    due_accounts::another_companys_accounts_are_not_told_of(&harness).await;
}

/// A thousand that were connected and read at the same moment: in every tenth of the interval about a tenth becomes due.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_were_connected_at_once_are_read_all_over_the_interval() {
    let harness = PgHarness::new().await;
    let fill = format!(
        "with made as ( \
           insert into connections (tenant_id, provider_key, connection_id, user_id, initial_sync_started_at) \
           select '{COMPANY_A}', 'gmail', 'c-' || n, gen_random_uuid()::text, now() from generate_series(1, 1000) n \
           returning *) \
         insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status) \
         select tenant_id, user_id, id, 'gmail', 'initial', 'user', 'completed' from made"
    );
    harness.0.superuser().batch_execute(&fill).await.unwrap();
    let interval = Duration::from_hours(10);
    let mut due = vec![0];
    for _ in 0..10 {
        harness.pass(Duration::from_hours(1)).await;
        let found = harness.due(COMPANY_A).list_due(COMPANY_A, interval, 1000).await.unwrap();
        due.push(found.len());
    }

    let tenths: Vec<_> = due.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(due[10], 1000, "each once: {tenths:?}");
    assert!(tenths.iter().all(|tenth| (50..200).contains(tenth)), "{tenths:?}");
}
