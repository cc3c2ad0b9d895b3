//! The contract of [`ConnectionEndings`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Provider, UserId};

use super::{
    COMPANY_A, COMPANY_B, InMemoryConnectionStore, NOON, USER_1, USER_2, a_save, an_origin, an_owner,
    an_unclaimed_connection,
};
use crate::model::{
    Connection, ConnectionStatus, Documents, EndConnection, EndedConnection, Holder, Owner, SaveConnection, SaveOutcome,
};
use crate::ports::{ConnectionEndings, ConnectionStore};

/// A fresh, empty store and ways to fill it and to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn endings(&self, company_id: CompanyId) -> Arc<dyn ConnectionEndings>;
    /// The store of connections in the same database.
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore>;
    /// Puts a Gmail connection `old-1` without user there.
    async fn put_unclaimed(&self, company_id: CompanyId) -> ConnectionId;
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
    /// The ids of the broker's connections that are to be removed there, oldest first.
    async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! connection_endings_contract {
    ($harness:expr) => {
        $crate::connection_endings_contract! { $harness =>
            whose_a_connection_is_is_told,
            an_ended_connection_is_disconnected_and_is_to_be_removed_at_the_broker,
            what_was_ended_before_is_not_ended_again,
            a_connection_without_user_can_be_ended,
            a_colleagues_connection_of_the_same_provider_goes_on,
            an_audit_row_tells_who_ended_it,
            another_companys_connection_is_not_ended,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::connection_endings::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryConnectionStore`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryConnectionStore>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn endings(&self, _: CompanyId) -> Arc<dyn ConnectionEndings> {
        self.0.clone()
    }

    fn store(&self, _: CompanyId) -> Arc<dyn ConnectionStore> {
        self.0.clone()
    }

    async fn put_unclaimed(&self, company_id: CompanyId) -> ConnectionId {
        self.0.put_unclaimed(company_id, an_unclaimed_connection(), NOON);
        an_unclaimed_connection().id
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id).into_iter().map(ToOwned::to_owned).collect()
    }

    async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String> {
        self.0.to_be_removed(company_id).into_iter().map(|removed| removed.id.to_string()).collect()
    }
}

pub async fn whose_a_connection_is_is_told(harness: &impl Harness) {
    let mine = created(harness, COMPANY_A, &a_save()).await;
    let nobodys = harness.put_unclaimed(COMPANY_A).await;
    let endings = harness.endings(COMPANY_A);

    assert_eq!(endings.find_holder(COMPANY_A, mine.id).await.expect("an answer"), Some(Holder::Person(USER_1)));
    assert_eq!(endings.find_holder(COMPANY_A, nobodys).await.expect("an answer"), Some(Holder::Nobody));
    let unknown = ConnectionId::new(99_999);
    assert_eq!(endings.find_holder(COMPANY_A, unknown).await.expect("an answer"), None);
}

pub async fn an_ended_connection_is_disconnected_and_is_to_be_removed_at_the_broker(harness: &impl Harness) {
    let mine = created(harness, COMPANY_A, &a_save()).await;

    let ended = end(harness, mine.id, USER_1).await;

    assert_eq!(ended, Some(EndedConnection { reference: mine.reference(), is_new: true }));
    let expected = Connection { status: ConnectionStatus::Disconnected, ..mine };
    assert_eq!(find(harness, USER_1).await, Some(expected));
    assert_eq!(harness.to_be_removed(COMPANY_A).await, ["broker-1"]);
}

pub async fn what_was_ended_before_is_not_ended_again(harness: &impl Harness) {
    let mine = created(harness, COMPANY_A, &a_save()).await;
    end(harness, mine.id, USER_1).await;

    let again = end(harness, mine.id, USER_1).await;

    assert_eq!(again, Some(EndedConnection { reference: mine.reference(), is_new: false }));
    assert_eq!(harness.audited(COMPANY_A).await, ["connection_created", "connection_disconnected"]);
}

pub async fn a_connection_without_user_can_be_ended(harness: &impl Harness) {
    let nobodys = harness.put_unclaimed(COMPANY_A).await;

    let ended = end(harness, nobodys, USER_2).await;

    assert_eq!(ended.map(|ended| ended.is_new), Some(true));
    assert_eq!(end(harness, nobodys, USER_2).await.map(|ended| ended.is_new), Some(false));
    assert_eq!(harness.to_be_removed(COMPANY_A).await, ["old-1"]);
}

pub async fn a_colleagues_connection_of_the_same_provider_goes_on(harness: &impl Harness) {
    let mine = created(harness, COMPANY_A, &a_save()).await;
    let owner = Owner { user_id: USER_2, ..an_owner() };
    let colleagues = SaveConnection { owner, broker_id: BrokerConnectionId::new("broker-7"), ..a_save() };
    let colleagues = created(harness, COMPANY_A, &colleagues).await;

    end(harness, mine.id, USER_1).await;

    assert_eq!(find(harness, USER_2).await, Some(colleagues));
}

pub async fn an_audit_row_tells_who_ended_it(harness: &impl Harness) {
    let mine = created(harness, COMPANY_A, &a_save()).await;

    end(harness, mine.id, USER_2).await;

    assert_eq!(harness.audited(COMPANY_A).await, ["connection_created", "connection_disconnected"]);
}

pub async fn another_companys_connection_is_not_ended(harness: &impl Harness) {
    let elsewhere = SaveConnection { owner: Owner { company_id: COMPANY_B, ..an_owner() }, ..a_save() };
    let theirs = created(harness, COMPANY_B, &elsewhere).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let endings = harness.endings(deployment);
        assert_eq!(endings.find_holder(COMPANY_A, theirs.id).await.expect("an answer"), None);
        assert_eq!(endings.end(&an_end(theirs.id, USER_1)).await.expect("an answer"), None);
    }
    assert_eq!(harness.to_be_removed(COMPANY_B).await, [""; 0]);
    assert_eq!(harness.audited(COMPANY_B).await, ["connection_created"]);
}

fn an_end(id: ConnectionId, by: UserId) -> EndConnection {
    EndConnection { company_id: COMPANY_A, id, by, documents: Documents::Keep, at: NOON, origin: an_origin() }
}

async fn end(harness: &impl Harness, id: ConnectionId, by: UserId) -> Option<EndedConnection> {
    harness.endings(COMPANY_A).end(&an_end(id, by)).await.expect("an answer")
}

async fn find(harness: &impl Harness, user_id: UserId) -> Option<Connection> {
    harness.store(COMPANY_A).find_connection(COMPANY_A, user_id, Provider::Gmail).await.expect("an answer")
}

async fn created(harness: &impl Harness, company_id: CompanyId, save: &SaveConnection) -> Connection {
    match harness.store(company_id).save_connection(save).await.expect("an outcome") {
        SaveOutcome::Created(connection) => connection,
        other => panic!("expected a new row, got {other:?}"),
    }
}
