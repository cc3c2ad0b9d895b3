//! The contract of [`AttemptCounters`], one case a bullet, and a fake that keeps it.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use futures_util::future::join_all;

use super::{COMPANY_A, COMPANY_B};
use crate::ports::{AttemptCounters, Attempts};

/// Counters in memory, whose windows end when they are told to.
#[derive(Debug, Default)]
pub struct InMemoryAttemptCounters {
    open: Mutex<HashMap<(CompanyId, String), u32>>,
}

impl InMemoryAttemptCounters {
    /// Ends all windows.
    pub fn end_windows(&self) {
        self.open.lock().expect("nobody panics while holding it").clear();
    }
}

#[async_trait]
impl AttemptCounters for InMemoryAttemptCounters {
    async fn count(&self, company_id: CompanyId, key: &str, window: Duration) -> Result<Attempts, StoreError> {
        let mut open = self.open.lock().expect("nobody panics while holding it");
        let count = open.entry((company_id, key.to_owned())).or_default();
        *count += 1;
        Ok(Attempts { count: *count, window_ends_in: window })
    }

    async fn give_back(&self, company_id: CompanyId, key: &str) -> Result<(), StoreError> {
        let mut open = self.open.lock().expect("nobody panics while holding it");
        if let Some(count) = open.get_mut(&(company_id, key.to_owned())) {
            *count = count.saturating_sub(1);
        }
        Ok(())
    }
}

/// A fresh, empty store and a way to let time pass in it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The counters of this company's deployment.
    async fn counters(&self, company_id: CompanyId) -> Arc<dyn AttemptCounters>;
    /// Goes on to a moment when all windows that are open now have ended.
    async fn end_windows(&self);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! attempt_counters_contract {
    ($harness:expr) => {
        $crate::attempt_counters_contract! { $harness =>
            attempts_are_counted_until_their_window_ends,
            after_the_window_counting_begins_anew,
            an_attempt_that_is_given_back_does_not_count,
            giving_back_what_was_never_counted_does_nothing,
            attempts_of_other_keys_and_companies_are_counted_apart,
            twenty_attempts_at_once_are_twenty,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::attempt_counters::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryAttemptCounters`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryAttemptCounters>);

#[async_trait]
impl Harness for InMemoryHarness {
    async fn counters(&self, _: CompanyId) -> Arc<dyn AttemptCounters> {
        self.0.clone()
    }

    async fn end_windows(&self) {
        self.0.end_windows();
    }
}

const WINDOW: Duration = Duration::from_mins(15);

async fn count(harness: &impl Harness, company_id: CompanyId, key: &str) -> u32 {
    harness.counters(company_id).await.count(company_id, key, WINDOW).await.expect("an answer").count
}

async fn give_back(harness: &impl Harness, key: &str) {
    harness.counters(COMPANY_A).await.give_back(COMPANY_A, key).await.expect("an answer");
}

pub async fn attempts_are_counted_until_their_window_ends(harness: &impl Harness) {
    let counters = harness.counters(COMPANY_A).await;

    for expected in 1..=3 {
        let Attempts { count, window_ends_in } = counters.count(COMPANY_A, "login", WINDOW).await.expect("an answer");
        assert_eq!(count, expected);
        assert!(window_ends_in <= WINDOW && window_ends_in + Duration::from_mins(1) > WINDOW, "{window_ends_in:?}");
    }
}

pub async fn after_the_window_counting_begins_anew(harness: &impl Harness) {
    assert_eq!(count(harness, COMPANY_A, "login").await, 1);
    assert_eq!(count(harness, COMPANY_A, "login").await, 2);

    harness.end_windows().await;

    assert_eq!(count(harness, COMPANY_A, "login").await, 1);
    assert_eq!(count(harness, COMPANY_A, "login").await, 2);
}

pub async fn an_attempt_that_is_given_back_does_not_count(harness: &impl Harness) {
    count(harness, COMPANY_A, "login").await;
    count(harness, COMPANY_A, "login").await;

    give_back(harness, "login").await;

    assert_eq!(count(harness, COMPANY_A, "login").await, 2);
}

pub async fn giving_back_what_was_never_counted_does_nothing(harness: &impl Harness) {
    give_back(harness, "login").await;
    assert_eq!(count(harness, COMPANY_A, "login").await, 1);

    for _ in 0..3 {
        give_back(harness, "login").await;
    }

    assert_eq!(count(harness, COMPANY_A, "login").await, 1);
}

pub async fn attempts_of_other_keys_and_companies_are_counted_apart(harness: &impl Harness) {
    assert_eq!(count(harness, COMPANY_A, "login").await, 1);

    assert_eq!(count(harness, COMPANY_A, "connect").await, 1);
    assert_eq!(count(harness, COMPANY_B, "login").await, 1);
    assert_eq!(count(harness, COMPANY_A, "login").await, 2);
}

pub async fn twenty_attempts_at_once_are_twenty(harness: &impl Harness) {
    let counters = harness.counters(COMPANY_A).await;

    let counted = join_all((0..20).map(|_| counters.count(COMPANY_A, "login", WINDOW))).await;

    let mut counts: Vec<_> = counted.into_iter().map(|attempts| attempts.expect("an answer").count).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=20).collect::<Vec<_>>());
}
