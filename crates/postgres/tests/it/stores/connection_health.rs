//! [`PgConnectionHealth`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::model::{SaveOutcome, StatusReason};
use cortex_connections::ports::{ConnectionHealth, ConnectionStore};
use cortex_connections::testing::connection_health::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, NOON, a_save, an_origin};
use cortex_kernel::{CompanyId, ConnectionId};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgConnectionHealth, PgConnectionStore};
use rstest::rstest;
use time::OffsetDateTime;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn health(&self, company_id: CompanyId) -> Arc<dyn ConnectionHealth> {
        Arc::new(PgConnectionHealth::new(self.0.pool(company_id)))
    }

    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore> {
        Arc::new(PgConnectionStore::new(self.0.pool(company_id)))
    }

    async fn disconnect(&self, company_id: CompanyId, id: ConnectionId, at: OffsetDateTime) {
        self.0.disconnect(company_id, id, at).await;
    }

    async fn put_unclaimed(&self, company_id: CompanyId, broker_id: &str) {
        self.0.put_unclaimed(company_id, broker_id, NOON).await;
    }

    async fn quarantine(&self, company_id: CompanyId, broker_id: &str) {
        self.0.quarantine(company_id, broker_id).await;
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

cortex_connections::connection_health_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;

    cortex_connections::testing::connection_health::a_connection_that_is_found_healthy_is_active_again(&PgHarness(
        world,
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_connections::testing::connection_health::another_companys_connection_reads_as_absent(&harness).await;
}

/// A job that did not read a page yet leaves the initial sync to be asked for again.
#[rstest]
#[case::before_its_first_page(0, true)]
#[case::after_it(3, false)]
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_or_runs_for_a_lost_connection_has_failed_at_once(#[case] pages: i64, #[case] may_begin: bool) {
    let harness = PgHarness::new().await;
    let saved = harness.store(COMPANY_A).save_connection(&a_save()).await.unwrap();
    let SaveOutcome::Created(mine) = saved else { panic!("{saved:?}") };
    let superuser = harness.0.superuser();
    let insert = format!(
        "insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status, progress, \
           lease_owner, lease_until) \
         select tenant_id, user_id, id, 'gmail', kind, 'user', status, jsonb_build_object('pages', {pages}), \
           case when status = 'running' then 'w' end, case when status = 'running' then now() + interval '1 hour' end \
         from connections, (values ('initial', 'running'), ('incremental', 'queued'), ('initial', 'completed')) \
           as job(kind, status); \
         update connections set can_manual_sync = false"
    );
    superuser
        .batch_execute(
            &insert
                .replace("kind, 'user', status", "job.kind, 'user', job.status")
                .replace("when status = 'running'", "when job.status = 'running'"),
        )
        .await
        .unwrap();

    let reason = StatusReason::CredentialsRefused;
    assert!(harness.health(COMPANY_A).mark_needs_reauthorization(&mine, reason, NOON, &an_origin()).await.unwrap());

    let query = "select kind || ' ' || status || ' ' || coalesce(error_code, '-') from sync_jobs order by 1";
    let rows = superuser.query(query, &[]).await.unwrap();
    let told: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let expected =
        ["incremental failed needs_reauthorization", "initial completed -", "initial failed needs_reauthorization"];
    assert_eq!(told, expected);
    let row = superuser.query_one("select can_manual_sync from connections", &[]).await.unwrap();
    assert_eq!(row.get::<_, bool>(0), may_begin);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_row_tells_by_which_request() {
    let harness = PgHarness::new().await;
    let SaveOutcome::Created(mine) = harness.store(COMPANY_A).save_connection(&a_save()).await.unwrap() else {
        panic!("it is the first");
    };

    let health = harness.health(COMPANY_A);
    health.mark_needs_reauthorization(&mine, StatusReason::RemovedAtBroker, NOON, &an_origin()).await.unwrap();
    health.mark_healthy(&mine, NOON, &an_origin()).await.unwrap();

    let query = "select count(*) from admin_audit_log where request_id = 'request-1' and user_id is not null \
                 and action in ('connection_needs_reauthorization', 'connection_recovered')";
    assert_eq!(harness.0.superuser().query_one(query, &[]).await.unwrap().get::<_, i64>(0), 2);
}
