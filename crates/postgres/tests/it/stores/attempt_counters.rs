//! [`PgAttemptCounters`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_identity::ports::AttemptCounters;
use cortex_identity::testing::attempt_counters::Harness;
use cortex_identity::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::CompanyId;
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgAttemptCounters;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }

    async fn rows(&self) -> i64 {
        self.0.superuser().query_one("select count(*) from attempt_counters", &[]).await.unwrap().get(0)
    }
}

#[async_trait]
impl Harness for PgHarness {
    async fn counters(&self, company_id: CompanyId) -> Arc<dyn AttemptCounters> {
        Arc::new(PgAttemptCounters::new(self.0.pool(company_id)))
    }

    async fn end_windows(&self) {
        self.0.superuser().batch_execute("update attempt_counters set window_ends_at = now()").await.unwrap();
    }
}

cortex_identity::attempt_counters_contract!(PgHarness::new().await);

const WINDOW: Duration = Duration::from_mins(15);

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;

    cortex_identity::testing::attempt_counters::twenty_attempts_at_once_are_twenty(&PgHarness(world)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_identity::testing::attempt_counters::attempts_of_other_keys_and_companies_are_counted_apart(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_removed_by_whoever_counts_next() {
    let harness = PgHarness::new().await;
    let counters = harness.counters(COMPANY_A).await;
    for key in ["one", "two", "three"] {
        counters.count(COMPANY_A, key, WINDOW).await.unwrap();
    }
    harness.counters(COMPANY_B).await.count(COMPANY_B, "one", WINDOW).await.unwrap();
    harness.end_windows().await;

    let counted = counters.count(COMPANY_A, "three", WINDOW).await.unwrap();

    assert_eq!((counted.count, harness.rows().await), (1, 2), "the other company's row is not ours to remove");
}

#[tokio::test(flavor = "multi_thread")]
async fn trying_on_does_not_prolong_a_window() {
    let harness = PgHarness::new().await;
    let counters = harness.counters(COMPANY_A).await;
    counters.count(COMPANY_A, "login", WINDOW).await.unwrap();
    let update = "update attempt_counters set window_ends_at = now() + interval '1 minute'";
    harness.0.superuser().batch_execute(update).await.unwrap();

    let counted = counters.count(COMPANY_A, "login", WINDOW).await.unwrap();

    assert_eq!(counted.count, 2);
    assert!(counted.window_ends_in <= Duration::from_mins(1), "{:?}", counted.window_ends_in);
}
