//! The contract of [`Turns`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::CompanyId;
use futures_util::future::join_all;

use super::{COMPANY_A, COMPANY_B, InMemoryTurns};
use crate::ports::Turns;

const EVERY: Duration = Duration::from_hours(1);

/// Fresh turns and a way to let time pass.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn turns(&self, company_id: CompanyId) -> Arc<dyn Turns>;
    /// Lets time pass.
    async fn pass(&self, time: Duration);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! turns_contract {
    ($harness:expr) => {
        $crate::turns_contract! { $harness =>
            a_turn_is_given_once_in_its_time,
            of_twenty_who_ask_at_once_one_gets_the_turn,
            turns_of_different_names_are_independent,
            another_companys_turns_are_its_own,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::turns::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryTurns`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryTurns>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn turns(&self, _: CompanyId) -> Arc<dyn Turns> {
        self.0.clone()
    }

    async fn pass(&self, time: Duration) {
        self.0.pass(time);
    }
}

pub async fn a_turn_is_given_once_in_its_time(harness: &impl Harness) {
    assert!(take(harness, COMPANY_A, "one").await);
    assert!(!take(harness, COMPANY_A, "one").await);
    harness.pass(EVERY / 2).await;
    assert!(!take(harness, COMPANY_A, "one").await);
    harness.pass(EVERY / 2).await;
    assert!(take(harness, COMPANY_A, "one").await);
}

pub async fn of_twenty_who_ask_at_once_one_gets_the_turn(harness: &impl Harness) {
    for _ in 0..2 {
        let turns = harness.turns(COMPANY_A);
        let taken = join_all((0..20).map(|_| turns.take_turn(COMPANY_A, "one", EVERY))).await;
        let given = taken.into_iter().filter(|taken| *taken.as_ref().expect("an answer")).count();
        assert_eq!(given, 1);
        harness.pass(EVERY).await;
    }
}

pub async fn turns_of_different_names_are_independent(harness: &impl Harness) {
    assert!(take(harness, COMPANY_A, "one").await);
    assert!(take(harness, COMPANY_A, "another").await);
}

pub async fn another_companys_turns_are_its_own(harness: &impl Harness) {
    assert!(take(harness, COMPANY_A, "one").await);
    assert!(take(harness, COMPANY_B, "one").await);
}

async fn take(harness: &impl Harness, company_id: CompanyId, name: &'static str) -> bool {
    harness.turns(company_id).take_turn(company_id, name, EVERY).await.expect("an answer")
}
