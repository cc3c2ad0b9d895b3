//! [`PgCompanyJobs`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgCompanyJobs, PgJobQueue, PgLiveJobs};
use cortex_sync_jobs::model::{CompanyJobRequest, CompanyJobStart, JobKind};
use cortex_sync_jobs::ports::{CompanyJobs, JobQueue, LiveJobs};
use cortex_sync_jobs::testing::company_jobs::Harness;
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B, a_company_request, a_new_company_job, company_jobs};
use rstest::rstest;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn company_jobs(&self, company_id: CompanyId) -> Arc<dyn CompanyJobs> {
        Arc::new(PgCompanyJobs::new(self.0.pool(company_id)))
    }

    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue> {
        Arc::new(PgJobQueue::new(self.0.pool(company_id)))
    }

    fn live(&self, company_id: CompanyId) -> Arc<dyn LiveJobs> {
        Arc::new(PgLiveJobs::new(self.0.pool(company_id)))
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

cortex_sync_jobs::company_jobs_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    company_jobs::another_companys_jobs_stand_in_no_way(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_no_job_is_made() {
    let harness = PgHarness::new().await;
    harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();
    let id = a_new_company_job().id;
    let start = CompanyJobStart { request: a_company_request(), id, max_attempts: 3 };

    let refused = harness.company_jobs(COMPANY_A).start(&start).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(harness.queue(COMPANY_A).find_job(COMPANY_A, id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_reads_accounts_is_none_of_the_companys() {
    let harness = PgHarness::new().await;
    let request = CompanyJobRequest { kind: JobKind::Initial, ..a_company_request() };
    let start = CompanyJobStart { request, id: a_new_company_job().id, max_attempts: 3 };

    let refused = harness.company_jobs(COMPANY_A).start(&start).await;

    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
}

/// Workers from before there were jobs of the company take nothing that has no connection, and could not read these.
#[rstest]
#[case::with_a_connection("summaries", "{\"period\": \"p\"}", true)]
#[case::without_a_period("summaries", "{}", false)]
#[case::with_an_empty_period("summaries", "{\"period\": \"\"}", false)]
#[case::that_reads_an_account("incremental", "{\"period\": \"p\"}", false)]
#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_the_company_has_a_period_and_no_connection(
    #[case] kind: &str,
    #[case] parameters: &str,
    #[case] is_connected: bool,
) {
    let harness = PgHarness::new().await;
    let connect =
        "insert into connections (tenant_id, provider_key, connection_id) values ('c', 'gmail', 'b') returning id";
    let connection: i64 = harness.0.superuser().query_one(connect, &[]).await.unwrap().get(0);
    let insert = format!(
        "insert into sync_jobs (tenant_id, user_id, job_type, kind, parameters, connection_id) \
         values ('c', 'u', 't', '{kind}', '{parameters}', {})",
        if is_connected { connection.to_string() } else { "null".to_owned() }
    );

    let error = harness.0.superuser().batch_execute(&insert).await.unwrap_err();

    let constraint = error.as_db_error().and_then(|error| error.constraint());
    assert_eq!(constraint, Some("sync_jobs_company_check"), "{error:?}");
}
