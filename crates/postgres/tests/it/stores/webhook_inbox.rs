//! [`PgWebhookInbox`].

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_connections::model::{NewWebhook, PutOutcome, WebhookEnding};
use cortex_connections::ports::WebhookInbox;
use cortex_connections::testing::webhook_inbox::Harness;
use cortex_connections::testing::{COMPANY_A, COMPANY_B, StoredWebhook, a_webhook};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgWebhookInbox;
use futures_util::future::join_all;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn inbox(&self, company_id: CompanyId) -> Arc<dyn WebhookInbox> {
        Arc::new(PgWebhookInbox::new(self.0.pool(company_id)))
    }

    async fn pass(&self, time: Duration) {
        let update = "update webhook_inbox set received_at = received_at - make_interval(secs => $1), \
                      run_after = run_after - make_interval(secs => $1), \
                      ended_at = ended_at - make_interval(secs => $1)";
        self.0.superuser().execute(update, &[&time.as_secs_f64()]).await.unwrap();
    }

    async fn stored(&self, company_id: CompanyId) -> Vec<StoredWebhook> {
        let query = "select state, attempts, last_error from webhook_inbox where tenant_id = $1 order by id";
        let rows = self.0.superuser().query(query, &[&company_id.to_string()]).await.unwrap();
        rows.iter()
            .map(|row| StoredWebhook { state: row.get(0), attempts: row.get(1), last_error: row.get(2) })
            .collect()
    }
}

cortex_connections::webhook_inbox_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    let elsewhere = NewWebhook { company_id: COMPANY_B, ..a_webhook() };
    harness.inbox(COMPANY_B).put(&elsewhere).await.unwrap();

    assert_eq!(harness.inbox(COMPANY_B).claim_next(COMPANY_A, Duration::from_secs(1)).await.unwrap(), None);
    let held = harness.inbox(COMPANY_B).claim_next(COMPANY_B, Duration::from_secs(1)).await.unwrap().unwrap();
    for ending in [WebhookEnding::Done, WebhookEnding::Removed] {
        assert!(!harness.inbox(COMPANY_A).finish(COMPANY_A, held.claim, &ending).await.unwrap());
    }
    assert_eq!(harness.stored(COMPANY_B).await.len(), 1);
}

/// PostgreSQL keeps no NUL in a text, and an error can be as long as it likes.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_kept_whatever_is_in_it() {
    let harness = PgHarness::new().await;
    let inbox = harness.inbox(COMPANY_A);
    inbox.put(&a_webhook()).await.unwrap();
    let held = inbox.claim_next(COMPANY_A, Duration::from_mins(1)).await.unwrap().unwrap();

    let error = format!("a\0b{}", "ö".repeat(10_000));
    assert!(inbox.finish(COMPANY_A, held.claim, &WebhookEnding::Dead { error }).await.unwrap());

    let kept = harness.stored(COMPANY_A).await.remove(0).last_error.unwrap();
    assert!(kept.starts_with("abö") && kept.chars().count() == 1000, "{kept}");
}

/// Two replicas are sent the same ones in opposite orders. Some are sent to one of them twice.
#[tokio::test(flavor = "multi_thread")]
async fn of_webhooks_that_come_at_once_each_is_stored_once() {
    let harness = PgHarness::new().await;
    let replicas = [harness.inbox(COMPANY_A), harness.inbox(COMPANY_A)];
    let webhook = |number: usize| NewWebhook { body: number.to_string().into_bytes(), ..a_webhook() };
    let webhooks: Vec<_> = (0..300).map(|number| webhook(number % 250)).collect();
    let back: Vec<_> = webhooks.iter().rev().cloned().collect();

    let puts = join_all(webhooks.iter().map(|webhook| replicas[0].put(webhook)));
    let puts_back = join_all(back.iter().map(|webhook| replicas[1].put(webhook)));
    let (one, other) = tokio::join!(puts, puts_back);

    let stored = one.into_iter().chain(other).filter(|put| *put.as_ref().unwrap() == PutOutcome::Stored).count();
    assert_eq!((stored, harness.stored(COMPANY_A).await.len()), (250, 250));
    let mut claimed = HashSet::new();
    while let Some(next) = replicas[0].claim_next(COMPANY_A, Duration::from_mins(1)).await.unwrap() {
        claimed.insert(next.body);
    }
    assert_eq!(claimed.len(), 250);
}
