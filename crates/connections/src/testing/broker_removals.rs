//! The contract of [`BrokerRemovals`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, Provider};

use super::{COMPANY_A, COMPANY_B, InMemoryBrokerRemovals};
use crate::model::{BrokerReference, ClaimedRemoval, Removal};
use crate::ports::BrokerRemovals;

const HOLD: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_secs(10);

/// A fresh, empty store and ways to prepare it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn removals(&self, company_id: CompanyId) -> Arc<dyn BrokerRemovals>;
    /// Lets time pass for everything that is in it.
    async fn pass(&self, time: Duration);
    /// Puts a connection there that somebody uses.
    async fn connect(&self, company_id: CompanyId, reference: &BrokerReference);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! broker_removals_contract {
    ($harness:expr) => {
        $crate::broker_removals_contract! { $harness =>
            what_is_to_be_removed_is_claimed_once_and_again_when_the_claim_ran_out,
            what_somebody_takes_at_once_is_claimed_by_nobody_else,
            what_was_removed_is_remembered_as_gone_for_a_while_and_not_removed_again,
            what_was_put_off_is_claimed_later,
            removing_the_same_twice_is_one_removal,
            a_connection_that_somebody_uses_is_not_removed,
            another_companys_removals_are_not_claimed,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::broker_removals::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryBrokerRemovals`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryBrokerRemovals>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn removals(&self, _: CompanyId) -> Arc<dyn BrokerRemovals> {
        self.0.clone()
    }

    async fn pass(&self, time: Duration) {
        self.0.pass(time);
    }

    async fn connect(&self, company_id: CompanyId, reference: &BrokerReference) {
        self.0.use_connection(company_id, reference.clone());
    }
}

pub async fn what_is_to_be_removed_is_claimed_once_and_again_when_the_claim_ran_out(harness: &impl Harness) {
    put(harness, "broker-1").await;

    assert_eq!(claim(harness).await, Some(claimed("broker-1", 1)));
    assert_eq!(claim(harness).await, None);
    harness.pass(HOLD).await;
    assert_eq!(claim(harness).await, Some(claimed("broker-1", 2)));
}

pub async fn what_somebody_takes_at_once_is_claimed_by_nobody_else(harness: &impl Harness) {
    let removals = harness.removals(COMPANY_A);
    put(harness, "broker-1").await;
    let take = async |id: &str| removals.take(&removal(id), HOLD).await.expect("an answer");

    assert_eq!(take("broker-1").await, Some(claimed("broker-1", 1)));
    assert_eq!(take("broker-2").await, Some(claimed("broker-2", 1)), "it need not be remembered before");

    assert_eq!((take("broker-1").await, claim(harness).await), (None, None));
    assert_eq!(pending(harness).await, ["broker-1", "broker-2"]);
    harness.pass(HOLD).await;
    assert_eq!(take("broker-1").await, Some(claimed("broker-1", 2)));
    assert_eq!(claim(harness).await, Some(claimed("broker-2", 2)));
}

pub async fn what_was_removed_is_remembered_as_gone_for_a_while_and_not_removed_again(harness: &impl Harness) {
    let removals = harness.removals(COMPANY_A);
    put(harness, "broker-1").await;
    put(harness, "broker-2").await;
    assert_eq!(pending(harness).await, ["broker-1", "broker-2"]);

    removals.settle(&removal("broker-1")).await.expect("settled");

    put(harness, "broker-1").await;
    assert_eq!(pending(harness).await, ["broker-2"]);
    assert_eq!(removals.take(&removal("broker-1"), HOLD).await.expect("an answer"), None);
    assert_eq!(claim(harness).await, Some(claimed("broker-2", 1)));
    let forget = async |age| removals.forget(COMPANY_A, age, 9).await.expect("an answer");
    harness.pass(PAUSE).await;
    assert_eq!(forget(PAUSE * 2).await, 0);
    assert_eq!(forget(PAUSE / 2).await, 1);
    assert_eq!(pending(harness).await, ["broker-2"], "what is not gone yet stays");
}

pub async fn what_was_put_off_is_claimed_later(harness: &impl Harness) {
    put(harness, "broker-1").await;
    claim(harness).await;

    harness.removals(COMPANY_A).put_off(&removal("broker-1"), "no luck", PAUSE).await.expect("put off");

    assert_eq!(claim(harness).await, None);
    harness.pass(PAUSE).await;
    assert_eq!(claim(harness).await, Some(claimed("broker-1", 2)));
}

pub async fn removing_the_same_twice_is_one_removal(harness: &impl Harness) {
    put(harness, "broker-1").await;
    put(harness, "broker-1").await;

    assert_eq!(pending(harness).await, ["broker-1"]);
}

pub async fn a_connection_that_somebody_uses_is_not_removed(harness: &impl Harness) {
    put(harness, "broker-1").await;
    harness.connect(COMPANY_A, &removal("broker-1").reference).await;

    let taken = harness.removals(COMPANY_A).take(&removal("broker-1"), HOLD).await.expect("an answer");
    assert_eq!((taken, claim(harness).await), (None, None));

    assert_eq!(pending(harness).await, [""; 0]);
}

pub async fn another_companys_removals_are_not_claimed(harness: &impl Harness) {
    let elsewhere = Removal { company_id: COMPANY_B, ..removal("broker-1") };
    harness.removals(COMPANY_B).put(&elsewhere).await.expect("put");

    for deployment in [COMPANY_A, COMPANY_B] {
        let removals = harness.removals(deployment);
        assert_eq!(removals.claim_next(COMPANY_A, HOLD).await.expect("an answer"), None);
        assert_eq!(removals.list_pending(COMPANY_A).await.expect("a list"), []);
        removals.settle(&removal("broker-1")).await.expect("done");
        assert_eq!(removals.forget(COMPANY_A, Duration::ZERO, 9).await.expect("an answer"), 0);
    }
    let pending = harness.removals(COMPANY_B).list_pending(COMPANY_B).await.expect("a list");
    assert_eq!(pending, [elsewhere.reference]);
}

fn removal(id: &str) -> Removal {
    let reference = BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new(id) };
    Removal { company_id: COMPANY_A, reference }
}

fn claimed(id: &str, attempt: u32) -> ClaimedRemoval {
    ClaimedRemoval { reference: removal(id).reference, attempt }
}

async fn put(harness: &impl Harness, id: &str) {
    harness.removals(COMPANY_A).put(&removal(id)).await.expect("put");
}

async fn claim(harness: &impl Harness) -> Option<ClaimedRemoval> {
    harness.removals(COMPANY_A).claim_next(COMPANY_A, HOLD).await.expect("an answer")
}

async fn pending(harness: &impl Harness) -> Vec<String> {
    let pending = harness.removals(COMPANY_A).list_pending(COMPANY_A).await.expect("a list");
    let mut ids: Vec<_> = pending.into_iter().map(|reference| reference.id.to_string()).collect();
    ids.sort();
    ids
}
