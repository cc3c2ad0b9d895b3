//! The contract of [`WebhookInbox`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::CompanyId;
use futures_util::future::join_all;

use super::{COMPANY_A, COMPANY_B, InMemoryWebhookInbox, StoredWebhook, a_webhook};
use crate::model::{ClaimedWebhook, NewWebhook, PutOutcome, WebhookEnding};
use crate::ports::WebhookInbox;

const HOLD: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(10);

/// A fresh, empty inbox and a way to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The inbox under test, as the deployment of this company uses it.
    fn inbox(&self, company_id: CompanyId) -> Arc<dyn WebhookInbox>;
    /// Lets time pass for everything that is in it.
    async fn pass(&self, time: Duration);
    /// The company's webhooks, oldest first.
    async fn stored(&self, company_id: CompanyId) -> Vec<StoredWebhook>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! webhook_inbox_contract {
    ($harness:expr) => {
        $crate::webhook_inbox_contract! { $harness =>
            a_stored_webhook_is_claimed_as_it_came,
            an_equal_pending_body_is_stored_once,
            equal_bodies_that_come_at_once_are_stored_once,
            an_equal_body_after_the_first_was_worked_off_is_a_new_webhook,
            a_webhook_is_claimed_by_one_worker,
            a_claim_that_ran_out_passes_to_another_worker_and_can_end_nothing,
            the_one_that_waits_longest_is_claimed_first,
            a_retried_webhook_comes_back_after_its_pause_and_has_used_an_attempt,
            a_snoozed_webhook_comes_back_after_its_pause_with_its_attempts_as_they_were,
            what_is_done_ignored_or_dead_is_not_claimed_again,
            a_removed_webhook_leaves_nothing_behind,
            another_companys_webhook_is_not_claimed,
            what_ended_long_ago_is_forgotten_and_nothing_else,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::webhook_inbox::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryWebhookInbox`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryWebhookInbox>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn inbox(&self, _: CompanyId) -> Arc<dyn WebhookInbox> {
        self.0.clone()
    }

    async fn pass(&self, time: Duration) {
        self.0.pass(time);
    }

    async fn stored(&self, company_id: CompanyId) -> Vec<StoredWebhook> {
        self.0.stored(company_id)
    }
}

pub async fn a_stored_webhook_is_claimed_as_it_came(harness: &impl Harness) {
    put(harness, &a_webhook()).await;
    harness.pass(PAUSE).await;

    let claimed = claimed(harness).await;

    let NewWebhook { body, request_id, .. } = a_webhook();
    assert_eq!((claimed.body, claimed.request_id, claimed.attempt), (body, request_id, 1));
    assert!((PAUSE..PAUSE + HOLD).contains(&claimed.age), "{:?}", claimed.age);
}

pub async fn an_equal_pending_body_is_stored_once(harness: &impl Harness) {
    let other = NewWebhook { body: b"{}".to_vec(), ..a_webhook() };

    let outcomes = [
        put(harness, &a_webhook()).await,
        put(harness, &NewWebhook { request_id: None, ..a_webhook() }).await,
        put(harness, &other).await,
    ];

    assert_eq!(outcomes, [PutOutcome::Stored, PutOutcome::AlreadyPending, PutOutcome::Stored]);
    assert_eq!(states(harness).await, ["pending", "pending"]);
}

pub async fn equal_bodies_that_come_at_once_are_stored_once(harness: &impl Harness) {
    let (inbox, webhook) = (harness.inbox(COMPANY_A), a_webhook());

    let outcomes = join_all((0..20).map(|_| inbox.put(&webhook))).await;

    let stored = outcomes.into_iter().filter(|outcome| *outcome.as_ref().expect("no error") == PutOutcome::Stored);
    assert_eq!(stored.count(), 1);
    assert_eq!(states(harness).await, ["pending"]);
}

pub async fn an_equal_body_after_the_first_was_worked_off_is_a_new_webhook(harness: &impl Harness) {
    put(harness, &a_webhook()).await;
    let first = claimed(harness).await;
    assert!(finish(harness, &first, &WebhookEnding::Done).await);

    assert_eq!(put(harness, &a_webhook()).await, PutOutcome::Stored);

    assert_eq!(states(harness).await, ["done", "pending"]);
    assert_ne!(claimed(harness).await.claim.webhook, first.claim.webhook);
}

pub async fn a_webhook_is_claimed_by_one_worker(harness: &impl Harness) {
    put(harness, &a_webhook()).await;
    let inbox = harness.inbox(COMPANY_A);

    let claims = join_all((0..20).map(|_| inbox.claim_next(COMPANY_A, HOLD))).await;

    let claimed = claims.into_iter().filter(|claim| claim.as_ref().expect("no error").is_some());
    assert_eq!(claimed.count(), 1);
}

pub async fn a_claim_that_ran_out_passes_to_another_worker_and_can_end_nothing(harness: &impl Harness) {
    put(harness, &a_webhook()).await;
    let late = claimed(harness).await;
    harness.pass(HOLD).await;

    let next = claimed(harness).await;

    assert_eq!((next.claim.webhook, next.attempt), (late.claim.webhook, 2));
    assert!(!finish(harness, &late, &WebhookEnding::Dead { error: "late".to_owned() }).await);
    assert!(finish(harness, &next, &WebhookEnding::Done).await);
    assert!(!finish(harness, &next, &WebhookEnding::Done).await);
    assert_eq!(states(harness).await, ["done"]);
}

pub async fn the_one_that_waits_longest_is_claimed_first(harness: &impl Harness) {
    for number in 0..3_u8 {
        put(harness, &NewWebhook { body: vec![number], ..a_webhook() }).await;
        harness.pass(PAUSE).await;
    }

    for number in 0..3_u8 {
        assert_eq!(claimed(harness).await.body, [number]);
    }
}

pub async fn a_retried_webhook_comes_back_after_its_pause_and_has_used_an_attempt(harness: &impl Harness) {
    put(harness, &a_webhook()).await;
    let first = claimed(harness).await;
    let ending = WebhookEnding::Retried { error: "no luck".to_owned(), after: PAUSE };
    assert!(finish(harness, &first, &ending).await);

    let at_once = harness.inbox(COMPANY_A).claim_next(COMPANY_A, HOLD).await.expect("an answer");
    harness.pass(PAUSE).await;
    let again = claimed(harness).await;

    assert_eq!(at_once, None);
    assert_eq!(again.attempt, 2);
    assert_eq!(harness.stored(COMPANY_A).await, [stored("pending", 2, Some("no luck"))]);
}

pub async fn a_snoozed_webhook_comes_back_after_its_pause_with_its_attempts_as_they_were(harness: &impl Harness) {
    put(harness, &a_webhook()).await;
    let first = claimed(harness).await;
    let ending = WebhookEnding::Snoozed { error: "away".to_owned(), after: PAUSE };
    assert!(finish(harness, &first, &ending).await);

    let at_once = harness.inbox(COMPANY_A).claim_next(COMPANY_A, HOLD).await.expect("an answer");
    harness.pass(PAUSE).await;
    let again = claimed(harness).await;

    assert_eq!(at_once, None);
    assert_eq!(again.attempt, 1);
    assert!(again.age >= PAUSE, "{:?}", again.age);
}

pub async fn what_is_done_ignored_or_dead_is_not_claimed_again(harness: &impl Harness) {
    for ending in [
        WebhookEnding::Done,
        WebhookEnding::Ignored { note: "so what".to_owned() },
        WebhookEnding::Dead { error: "no user".to_owned() },
    ] {
        put(harness, &a_webhook()).await;
        let claimed = claimed(harness).await;
        assert!(finish(harness, &claimed, &ending).await);
    }
    harness.pass(HOLD).await;

    assert_eq!(harness.inbox(COMPANY_A).claim_next(COMPANY_A, HOLD).await.expect("an answer"), None);
    let expected = [stored("done", 1, None), stored("ignored", 1, Some("so what")), stored("dead", 1, Some("no user"))];
    assert_eq!(harness.stored(COMPANY_A).await, expected);
}

pub async fn a_removed_webhook_leaves_nothing_behind(harness: &impl Harness) {
    put(harness, &a_webhook()).await;
    let claimed = claimed(harness).await;

    assert!(finish(harness, &claimed, &WebhookEnding::Removed).await);

    assert_eq!(harness.stored(COMPANY_A).await, []);
}

pub async fn another_companys_webhook_is_not_claimed(harness: &impl Harness) {
    let elsewhere = NewWebhook { company_id: COMPANY_B, ..a_webhook() };
    let outcome = harness.inbox(COMPANY_B).put(&elsewhere).await;
    assert_eq!(outcome.expect("an outcome"), PutOutcome::Stored);

    for deployment in [COMPANY_A, COMPANY_B] {
        let claim = harness.inbox(deployment).claim_next(COMPANY_A, HOLD).await;
        assert_eq!(claim.expect("an answer"), None);
    }
    assert_eq!(harness.stored(COMPANY_B).await, [stored("pending", 0, None)]);
}

pub async fn what_ended_long_ago_is_forgotten_and_nothing_else(harness: &impl Harness) {
    let (age, most) = (Duration::from_hours(24), 2);
    for body in 0..3_u8 {
        put(harness, &NewWebhook { body: vec![body], ..a_webhook() }).await;
        let claimed = claimed(harness).await;
        assert!(finish(harness, &claimed, &WebhookEnding::Dead { error: "no user".to_owned() }).await);
    }
    put(harness, &a_webhook()).await;
    harness.pass(age + HOLD).await;
    let young = claimed(harness).await;
    assert!(finish(harness, &young, &WebhookEnding::Done).await);
    put(harness, &a_webhook()).await;
    let inbox = harness.inbox(COMPANY_A);
    let forget = async |company_id| inbox.forget(company_id, age, most).await.expect("an answer");

    assert_eq!(forget(COMPANY_B).await, 0);
    assert_eq!((forget(COMPANY_A).await, forget(COMPANY_A).await, forget(COMPANY_A).await), (2, 1, 0));

    assert_eq!(states(harness).await, ["done", "pending"]);
}

async fn put(harness: &impl Harness, webhook: &NewWebhook) -> PutOutcome {
    harness.inbox(COMPANY_A).put(webhook).await.expect("an outcome")
}

async fn claimed(harness: &impl Harness) -> ClaimedWebhook {
    let claimed = harness.inbox(COMPANY_A).claim_next(COMPANY_A, HOLD).await;
    claimed.expect("an answer").expect("a webhook that is due")
}

async fn finish(harness: &impl Harness, claimed: &ClaimedWebhook, ending: &WebhookEnding) -> bool {
    harness.inbox(COMPANY_A).finish(COMPANY_A, claimed.claim, ending).await.expect("an answer")
}

async fn states(harness: &impl Harness) -> Vec<String> {
    harness.stored(COMPANY_A).await.into_iter().map(|stored| stored.state).collect()
}

fn stored(state: &str, attempts: i32, last_error: Option<&str>) -> StoredWebhook {
    StoredWebhook { state: state.to_owned(), attempts, last_error: last_error.map(ToOwned::to_owned) }
}
