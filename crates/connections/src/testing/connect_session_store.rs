//! The contract of [`ConnectSessionStore`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Origin, Provider};
use time::Duration;
use uuid::{Uuid, uuid};

use super::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2, a_connect_session, an_owner};
use crate::model::{ConnectPurpose, ConnectSession, ConnectSessionId, Owner, TokenHash};
use crate::ports::ConnectSessionStore;

/// A fresh, empty store.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionStore>;
    /// The actions that the company's audit log tells, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! connect_session_store_contract {
    ($harness:expr) => {
        $crate::connect_session_store_contract! { $harness =>
            a_remembered_session_is_found_open_until_it_expires,
            a_session_of_another_user_or_provider_is_not_found,
            a_session_of_another_company_is_not_found,
            of_several_open_sessions_the_latest_is_found,
            an_audit_row_tells_what_each_session_was_opened_for,
            sessions_that_ended_long_ago_are_forgotten_but_for_the_latest_of_each_person_and_provider,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::connect_session_store::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryConnectSessionStore`](super::InMemoryConnectSessionStore) under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<super::InMemoryConnectSessionStore>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn store(&self, _: CompanyId) -> Arc<dyn ConnectSessionStore> {
        self.0.clone()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id).into_iter().map(ToOwned::to_owned).collect()
    }
}

pub async fn a_remembered_session_is_found_open_until_it_expires(harness: &impl Harness) {
    let store = harness.store(COMPANY_A);
    let session = ConnectSession { purpose: ConnectPurpose::Reconnect, ..a_connect_session() };
    store.remember(&session, &Origin::default()).await.expect("remembered");

    let just_before = session.expires_at - Duration::SECOND;
    let open = store.find_open(COMPANY_A, USER_1, Provider::Gmail, just_before).await.expect("an answer");
    let over = store.find_open(COMPANY_A, USER_1, Provider::Gmail, session.expires_at).await.expect("an answer");

    assert_eq!((open, over), (Some(session), None));
}

pub async fn a_session_of_another_user_or_provider_is_not_found(harness: &impl Harness) {
    let store = harness.store(COMPANY_A);
    store.remember(&a_connect_session(), &Origin::default()).await.expect("remembered");

    for (user_id, provider) in [(USER_2, Provider::Gmail), (USER_1, Provider::Outlook)] {
        let found = store.find_open(COMPANY_A, user_id, provider, NOON).await.expect("an answer");
        assert_eq!(found, None);
    }
}

pub async fn a_session_of_another_company_is_not_found(harness: &impl Harness) {
    let owner = Owner { company_id: COMPANY_B, ..an_owner() };
    let elsewhere = ConnectSession { owner, ..a_connect_session() };
    harness.store(COMPANY_B).remember(&elsewhere, &Origin::default()).await.expect("remembered");

    for deployment in [COMPANY_A, COMPANY_B] {
        let store = harness.store(deployment);
        let found = store.find_open(COMPANY_A, USER_1, Provider::Gmail, NOON).await.expect("an answer");
        assert_eq!(found, None);
    }
}

pub async fn of_several_open_sessions_the_latest_is_found(harness: &impl Harness) {
    let store = harness.store(COMPANY_A);
    let earlier = a_connect_session();
    let later = ConnectSession {
        id: ConnectSessionId(uuid!("0c000000-0000-4000-8000-000000000002")),
        token_hash: TokenHash::of("another token"),
        opened_at: NOON + Duration::MINUTE,
        ..a_connect_session()
    };
    store.remember(&later, &Origin::default()).await.expect("remembered");
    store.remember(&earlier, &Origin::default()).await.expect("remembered");

    let found = store.find_open(COMPANY_A, USER_1, Provider::Gmail, NOON).await.expect("an answer");

    assert_eq!(found, Some(later));
}

pub async fn an_audit_row_tells_what_each_session_was_opened_for(harness: &impl Harness) {
    let store = harness.store(COMPANY_A);
    store.remember(&a_connect_session(), &Origin::default()).await.expect("remembered");
    let again = ConnectSession {
        id: ConnectSessionId(uuid!("0c000000-0000-4000-8000-000000000002")),
        token_hash: TokenHash::of("another token"),
        purpose: ConnectPurpose::Reconnect,
        ..a_connect_session()
    };
    store.remember(&again, &Origin::default()).await.expect("remembered");

    assert_eq!(harness.audited(COMPANY_A).await, ["connection_initiated", "connection_reconnect_initiated"]);
    assert_eq!(harness.audited(COMPANY_B).await, [""; 0]);
}

pub async fn sessions_that_ended_long_ago_are_forgotten_but_for_the_latest_of_each_person_and_provider(
    harness: &impl Harness,
) {
    let store = harness.store(COMPANY_A);
    let session = |n: u128, provider, minutes| ConnectSession {
        id: ConnectSessionId(Uuid::from_u128(n)),
        provider,
        token_hash: TokenHash::of(&n.to_string()),
        opened_at: NOON + Duration::minutes(minutes),
        expires_at: NOON + Duration::minutes(minutes + 30),
        ..a_connect_session()
    };
    for (n, minutes) in [(1, 0), (2, 1), (3, 2), (4, 100)] {
        store.remember(&session(n, Provider::Gmail, minutes), &Origin::default()).await.expect("remembered");
    }
    store.remember(&session(5, Provider::Outlook, 0), &Origin::default()).await.expect("remembered");
    let forget = async |company_id, minutes| {
        store.forget(company_id, NOON + Duration::minutes(minutes), 2).await.expect("an answer")
    };

    assert_eq!(forget(COMPANY_B, 1_000).await, 0);
    assert_eq!(forget(COMPANY_A, 30).await, 0, "the first one ended then, and not before");
    assert_eq!((forget(COMPANY_A, 1_000).await, forget(COMPANY_A, 1_000).await), (2, 1));
    assert_eq!(forget(COMPANY_A, 1_000).await, 0, "the latest ones stay");
}
