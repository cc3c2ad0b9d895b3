//! [`PgJobQueue`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, UserId};
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgJobQueue;
use cortex_sync_jobs::ports::JobQueue;
use cortex_sync_jobs::testing::job_queue::Harness;
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B, a_new_job};
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue> {
        Arc::new(PgJobQueue::new(self.0.pool(company_id)))
    }

    /// A person has one connection a provider; a queue does not ask whose a connection is, so each call makes up an
    /// owner.
    async fn connection(&self, company_id: CompanyId, _: UserId) -> ConnectionId {
        let insert = "insert into connections (tenant_id, provider_key, connection_id, user_id) \
                      values ($1, 'gmail', gen_random_uuid()::text, gen_random_uuid()::text) returning id";
        let row = self.0.superuser().query_one(insert, &[&company_id.to_string()]).await.unwrap();
        ConnectionId::new(row.get(0))
    }

    async fn pass(&self, time: Duration) {
        let update = "update sync_jobs set run_after = run_after - make_interval(secs => $1), \
                      created_at = created_at - make_interval(secs => $1), \
                      lease_until = lease_until - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
        let update = "update sync_turns set served_at = served_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }
}

cortex_sync_jobs::job_queue_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;

    cortex_sync_jobs::testing::job_queue::a_lease_that_ran_out_is_claimed_by_another_and_lost_to_the_first(&PgHarness(
        world,
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_sync_jobs::testing::job_queue::another_companys_job_reads_as_absent(&harness).await;
}

/// What is prepared for one use only is gone after it, and what is prepared anew each time stands there more than once.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_prepared_once_a_connection() {
    let harness = PgHarness::new().await;
    let pool = harness.0.pool_of(COMPANY_A, 1);
    let queue = PgJobQueue::new(pool.clone());
    for _ in 0..3 {
        queue.find_job(COMPANY_A, a_new_job().id).await.unwrap();
    }

    let prepared = pool
        .run(async |connection: &mut AsyncPgConnection| {
            let count = "select count(*) from pg_prepared_statements where statement like '%from sync_jobs%' \
                         and statement not like '%pg_prepared_statements%'";
            diesel::select(diesel::dsl::sql::<BigInt>(&format!("({count})"))).get_result::<i64>(connection).await
        })
        .await;

    assert_eq!(prepared.unwrap(), 1);
}
