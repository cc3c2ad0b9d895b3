//! The contract of [`ConnectSessionEndings`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, Origin, Provider, UserId};
use time::Duration;
use uuid::Uuid;

use super::{
    COMPANY_A, InMemoryConnectSessionStore, NOON, SessionState, USER_1, USER_2, a_connect_session, a_connection,
    a_refusal, an_owner,
};
use crate::model::{ConnectSession, ConnectSessionId, Owner, Refusal, RefusalReason, TokenHash};
use crate::ports::{ConnectSessionEndings, ConnectSessionStore};

/// A fresh, empty store and a way to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// Where sessions are remembered, as the deployment of this company uses it.
    fn sessions(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionStore>;
    /// The store under test, as the deployment of this company uses it.
    fn endings(&self, company_id: CompanyId) -> Arc<dyn ConnectSessionEndings>;
    /// What became of a session of the company.
    async fn state_of(&self, company_id: CompanyId, id: ConnectSessionId) -> SessionState;
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
    /// The ids of the broker's connections that are to be removed there, oldest first.
    async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! connect_session_endings_contract {
    ($harness:expr) => {
        $crate::connect_session_endings_contract! { $harness =>
            a_completed_session_is_open_no_longer_and_tells_what_it_brought,
            a_refused_session_is_open_no_longer_and_tells_why,
            only_the_latest_session_of_that_user_and_provider_ends,
            a_session_that_was_refused_is_completed_by_a_later_connect,
            an_audit_row_stands_beside_each_refusal,
            a_refusal_told_twice_leaves_one_audit_row,
            a_refusal_without_a_session_leaves_its_audit_row,
            what_was_refused_is_to_be_removed_at_the_broker_if_it_may_be,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::connect_session_endings::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryConnectSessionStore`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryConnectSessionStore>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn sessions(&self, _: CompanyId) -> Arc<dyn ConnectSessionStore> {
        self.0.clone()
    }

    fn endings(&self, _: CompanyId) -> Arc<dyn ConnectSessionEndings> {
        self.0.clone()
    }

    async fn state_of(&self, _: CompanyId, id: ConnectSessionId) -> SessionState {
        self.0.state_of(id)
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id).into_iter().map(ToOwned::to_owned).collect()
    }

    async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String> {
        self.0.to_be_removed(company_id).into_iter().map(|removed| removed.id.to_string()).collect()
    }
}

/// The audit log tells of more than refusals.
async fn refusals_audited(harness: &impl Harness, company_id: CompanyId) -> Vec<String> {
    let told = harness.audited(company_id).await;
    told.into_iter().filter(|action| !action.ends_with("_initiated")).collect()
}

pub async fn a_completed_session_is_open_no_longer_and_tells_what_it_brought(harness: &impl Harness) {
    let session = remembered(harness, a_connect_session()).await;

    complete(harness).await;

    assert_eq!(state_of(harness, session).await, SessionState::Completed(a_connection().broker_id));
    assert!(!is_open(harness, USER_1).await);
    assert_eq!(refusals_audited(harness, COMPANY_A).await, [""; 0]);
}

pub async fn a_refused_session_is_open_no_longer_and_tells_why(harness: &impl Harness) {
    let session = remembered(harness, a_connect_session()).await;

    refuse(harness, &a_refusal()).await;

    let refused = SessionState::Refused(RefusalReason::AccountMismatch, a_refusal().reference.id);
    assert_eq!(state_of(harness, session).await, refused);
    assert!(!is_open(harness, USER_1).await);
}

pub async fn only_the_latest_session_of_that_user_and_provider_ends(harness: &impl Harness) {
    let colleague = Owner { user_id: USER_2, ..an_owner() };
    let after = |minutes| NOON + Duration::minutes(minutes);
    let colleagues = remembered(harness, ConnectSession { owner: colleague, opened_at: after(9), ..session(1) }).await;
    let elsewhere = ConnectSession { provider: Provider::Outlook, opened_at: after(9), ..session(2) };
    let elsewhere = remembered(harness, elsewhere).await;
    let latest = remembered(harness, ConnectSession { opened_at: after(5), ..session(3) }).await;
    let earlier = remembered(harness, session(4)).await;

    complete(harness).await;

    assert_eq!(state_of(harness, latest).await, SessionState::Completed(a_connection().broker_id));
    for other in [colleagues, elsewhere, earlier] {
        assert_eq!(state_of(harness, other).await, SessionState::Open);
    }
}

pub async fn a_session_that_was_refused_is_completed_by_a_later_connect(harness: &impl Harness) {
    let session = remembered(harness, a_connect_session()).await;
    refuse(harness, &a_refusal()).await;

    complete(harness).await;

    assert_eq!(state_of(harness, session).await, SessionState::Completed(a_connection().broker_id));
}

pub async fn an_audit_row_stands_beside_each_refusal(harness: &impl Harness) {
    remembered(harness, a_connect_session()).await;
    refuse(harness, &a_refusal()).await;
    let mut second = a_refusal();
    second.reference.id = BrokerConnectionId::new("broker-3");
    refuse(harness, &second).await;

    assert_eq!(refusals_audited(harness, COMPANY_A).await, ["connection_failed", "connection_failed"]);
}

pub async fn a_refusal_told_twice_leaves_one_audit_row(harness: &impl Harness) {
    remembered(harness, a_connect_session()).await;

    refuse(harness, &a_refusal()).await;
    refuse(harness, &a_refusal()).await;

    assert_eq!(refusals_audited(harness, COMPANY_A).await, ["connection_failed"]);
}

pub async fn a_refusal_without_a_session_leaves_its_audit_row(harness: &impl Harness) {
    refuse(harness, &a_refusal()).await;

    assert_eq!(refusals_audited(harness, COMPANY_A).await, ["connection_failed"]);
}

pub async fn what_was_refused_is_to_be_removed_at_the_broker_if_it_may_be(harness: &impl Harness) {
    remembered(harness, a_connect_session()).await;
    let mut anybodys = Refusal { is_to_be_removed: false, ..a_refusal() };
    anybodys.reference.id = BrokerConnectionId::new("broker-3");

    refuse(harness, &a_refusal()).await;
    refuse(harness, &anybodys).await;

    assert_eq!(harness.to_be_removed(COMPANY_A).await, [a_refusal().reference.id.to_string()]);
}

fn session(number: u128) -> ConnectSession {
    ConnectSession {
        id: ConnectSessionId(Uuid::from_u128(number)),
        token_hash: TokenHash::of(&number.to_string()),
        ..a_connect_session()
    }
}

async fn remembered(harness: &impl Harness, session: ConnectSession) -> ConnectSessionId {
    harness.sessions(COMPANY_A).remember(&session, &Origin::default()).await.expect("remembered");
    session.id
}

async fn complete(harness: &impl Harness) {
    harness.endings(COMPANY_A).complete(&a_connection(), NOON).await.expect("completed");
}

async fn refuse(harness: &impl Harness, refusal: &Refusal) {
    harness.endings(COMPANY_A).refuse(refusal).await.expect("refused");
}

async fn state_of(harness: &impl Harness, id: ConnectSessionId) -> SessionState {
    harness.state_of(COMPANY_A, id).await
}

async fn is_open(harness: &impl Harness, user_id: UserId) -> bool {
    let found = harness.sessions(COMPANY_A).find_open(COMPANY_A, user_id, Provider::Gmail, NOON).await;
    found.expect("an answer").is_some()
}
