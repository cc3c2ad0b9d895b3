//! The contract of [`UnclaimedConnections`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId};

use super::{
    COMPANY_A, COMPANY_B, InMemoryConnectionStore, NOON, USER_1, a_save, an_account, an_origin, an_unclaimed_connection,
};
use crate::model::{Documents, EndConnection, SaveConnection, SaveOutcome, UnclaimedConnection};
use crate::ports::{ConnectionEndings, ConnectionStore, UnclaimedConnections};

/// A fresh, empty store and ways to fill it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn unclaimed(&self, company_id: CompanyId) -> Arc<dyn UnclaimedConnections>;
    /// The store of connections in the same database.
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore>;
    /// What ends connections in the same database.
    fn endings(&self, company_id: CompanyId) -> Arc<dyn ConnectionEndings>;
    /// Puts a Gmail connection `old-1` without user there.
    async fn put_unclaimed(&self, company_id: CompanyId) -> ConnectionId;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! unclaimed_connections_contract {
    ($harness:expr) => {
        $crate::unclaimed_connections_contract! { $harness =>
            a_connection_without_user_is_found_by_its_provider,
            the_account_of_one_is_noted,
            one_that_somebody_claimed_is_none_any_more,
            one_that_was_ended_is_none_any_more,
            those_of_another_company_are_not_told_of,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::unclaimed_connections::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryConnectionStore`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryConnectionStore>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn unclaimed(&self, _: CompanyId) -> Arc<dyn UnclaimedConnections> {
        self.0.clone()
    }

    fn store(&self, _: CompanyId) -> Arc<dyn ConnectionStore> {
        self.0.clone()
    }

    fn endings(&self, _: CompanyId) -> Arc<dyn ConnectionEndings> {
        self.0.clone()
    }

    async fn put_unclaimed(&self, company_id: CompanyId) -> ConnectionId {
        self.0.put_unclaimed(company_id, an_unclaimed_connection(), NOON);
        an_unclaimed_connection().id
    }
}

pub async fn a_connection_without_user_is_found_by_its_provider(harness: &impl Harness) {
    let id = harness.put_unclaimed(COMPANY_A).await;
    harness.store(COMPANY_A).save_connection(&a_save()).await.expect("an outcome");

    assert_eq!(unclaimed(harness).await, [UnclaimedConnection { id, ..an_unclaimed_connection() }]);
}

pub async fn the_account_of_one_is_noted(harness: &impl Harness) {
    let id = harness.put_unclaimed(COMPANY_A).await;

    harness.unclaimed(COMPANY_A).identify_unclaimed(COMPANY_A, id, &an_account()).await.expect("done");

    assert_eq!(unclaimed(harness).await[0].account, Some(an_account()));
}

pub async fn one_that_somebody_claimed_is_none_any_more(harness: &impl Harness) {
    let id = harness.put_unclaimed(COMPANY_A).await;

    let claim = SaveConnection { claims: Some(id), ..a_save() };
    let outcome = harness.store(COMPANY_A).save_connection(&claim).await.expect("an outcome");

    assert!(matches!(outcome, SaveOutcome::Replaced { .. }), "{outcome:?}");
    assert_eq!(unclaimed(harness).await, []);
}

pub async fn one_that_was_ended_is_none_any_more(harness: &impl Harness) {
    let id = harness.put_unclaimed(COMPANY_A).await;
    let end = EndConnection {
        company_id: COMPANY_A,
        id,
        by: USER_1,
        documents: Documents::Keep,
        at: NOON,
        origin: an_origin(),
    };

    harness.endings(COMPANY_A).end(&end).await.expect("ended");

    assert_eq!(unclaimed(harness).await, []);
    let claim = SaveConnection { claims: Some(id), ..a_save() };
    let outcome = harness.store(COMPANY_A).save_connection(&claim).await.expect("an outcome");
    assert_eq!(outcome, SaveOutcome::Moved);
}

pub async fn those_of_another_company_are_not_told_of(harness: &impl Harness) {
    let id = harness.put_unclaimed(COMPANY_B).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let unclaimed = harness.unclaimed(deployment);
        assert_eq!(unclaimed.list_unclaimed(COMPANY_A).await.expect("a list"), []);
        unclaimed.identify_unclaimed(COMPANY_A, id, &an_account()).await.expect("done");
    }
    let theirs = harness.unclaimed(COMPANY_B).list_unclaimed(COMPANY_B).await.expect("a list");
    assert_eq!(theirs[0].account, None);
}

async fn unclaimed(harness: &impl Harness) -> Vec<UnclaimedConnection> {
    harness.unclaimed(COMPANY_A).list_unclaimed(COMPANY_A).await.expect("a list")
}
