//! The contract of [`ConnectionHealth`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Provider};
use time::{Duration, OffsetDateTime};

use super::{
    COMPANY_A, COMPANY_B, InMemoryConnectionStore, NOON, a_save, an_origin, an_owner, an_unclaimed_connection,
};
use crate::model::{
    BrokerReference, Connection, ConnectionStatus, Fetch, Owner, SaveConnection, SaveOutcome, StatusReason,
    UnclaimedConnection,
};
use crate::ports::{ConnectionHealth, ConnectionStore};

const LATER: OffsetDateTime = NOON.saturating_add(Duration::HOUR);

/// A fresh, empty store and ways to fill it and to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn health(&self, company_id: CompanyId) -> Arc<dyn ConnectionHealth>;
    /// The store of connections in the same database.
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore>;
    /// Marks a connection of the company as ended by its owner.
    async fn disconnect(&self, company_id: CompanyId, id: ConnectionId, at: OffsetDateTime);
    /// Puts a Gmail connection without user there.
    async fn put_unclaimed(&self, company_id: CompanyId, broker_id: &str);
    /// Puts a Gmail connection into quarantine.
    async fn quarantine(&self, company_id: CompanyId, broker_id: &str);
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! connection_health_contract {
    ($harness:expr) => {
        $crate::connection_health_contract! { $harness =>
            a_connection_is_found_by_the_brokers_id_of_it,
            another_companys_connection_reads_as_absent,
            a_connection_without_user_or_in_quarantine_is_known_to_be_nobodys,
            a_connection_that_lost_its_authorization_says_so_why_and_since_when,
            a_loss_told_again_changes_nothing,
            a_loss_of_a_connection_that_was_replaced_meanwhile_changes_nothing,
            a_loss_of_a_connection_that_was_ended_meanwhile_changes_nothing,
            a_connect_after_a_loss_is_active_again,
            a_connection_that_is_found_healthy_is_active_again,
            what_is_active_already_is_not_found_healthy,
            an_audit_row_stands_beside_each_change,
            a_failed_fetch_shows_until_one_succeeds,
            a_failed_fetch_hides_no_other_reason,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::connection_health::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryConnectionStore`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryConnectionStore>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn health(&self, _: CompanyId) -> Arc<dyn ConnectionHealth> {
        self.0.clone()
    }

    fn store(&self, _: CompanyId) -> Arc<dyn ConnectionStore> {
        self.0.clone()
    }

    async fn disconnect(&self, _: CompanyId, id: ConnectionId, at: OffsetDateTime) {
        self.0.disconnect(id, at);
    }

    async fn put_unclaimed(&self, company_id: CompanyId, broker_id: &str) {
        let row = UnclaimedConnection { broker_id: BrokerConnectionId::new(broker_id), ..an_unclaimed_connection() };
        self.0.put_unclaimed(company_id, row, NOON);
    }

    async fn quarantine(&self, company_id: CompanyId, broker_id: &str) {
        self.0.quarantine(company_id, gmail(broker_id));
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id).into_iter().map(ToOwned::to_owned).collect()
    }
}

pub async fn a_connection_is_found_by_the_brokers_id_of_it(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    let other_provider = BrokerReference { provider: Provider::Outlook, ..mine.reference() };
    let health = harness.health(COMPANY_A);

    assert_eq!(health.find_brokered(COMPANY_A, &mine.reference()).await.expect("an answer"), Some(mine.clone()));
    assert_eq!(health.find_brokered(COMPANY_A, &other_provider).await.expect("an answer"), None);

    harness.disconnect(COMPANY_A, mine.id, NOON).await;
    let ended = health.find_brokered(COMPANY_A, &mine.reference()).await.expect("an answer");
    assert_eq!(ended.map(|row| row.status), Some(ConnectionStatus::Disconnected));
}

pub async fn another_companys_connection_reads_as_absent(harness: &impl Harness) {
    let elsewhere = SaveConnection { owner: Owner { company_id: COMPANY_B, ..an_owner() }, ..a_save() };
    let saved = harness.store(COMPANY_B).save_connection(&elsewhere).await.expect("an outcome");
    let SaveOutcome::Created(theirs) = saved else { panic!("{saved:?}") };
    let as_ours = Connection { owner: an_owner(), ..theirs.clone() };

    for deployment in [COMPANY_A, COMPANY_B] {
        let health = harness.health(deployment);
        assert_eq!(health.find_brokered(COMPANY_A, &theirs.reference()).await.expect("an answer"), None);
        let reason = StatusReason::CredentialsRefused;
        assert!(!health.mark_needs_reauthorization(&as_ours, reason, LATER, &an_origin()).await.expect("an answer"));
        assert!(!health.mark_healthy(&as_ours, LATER, &an_origin()).await.expect("an answer"));
        health.note_fetch(&as_ours, Fetch::Failed).await.expect("done");
    }
    let found = harness.health(COMPANY_B).find_brokered(COMPANY_B, &theirs.reference()).await;
    assert_eq!(found.expect("an answer"), Some(theirs));
}

pub async fn a_connection_without_user_or_in_quarantine_is_known_to_be_nobodys(harness: &impl Harness) {
    created(harness, &a_save()).await;
    harness.put_unclaimed(COMPANY_A, "old-1").await;
    harness.quarantine(COMPANY_A, "broker-9").await;
    harness.put_unclaimed(COMPANY_B, "old-2").await;
    let health = harness.health(COMPANY_A);
    let is_nobodys = async |id: &str| health.is_nobodys(COMPANY_A, &gmail(id)).await.expect("an answer");

    let known = [is_nobodys("old-1").await, is_nobodys("broker-9").await];
    let others = [is_nobodys("broker-1").await, is_nobodys("old-2").await, is_nobodys("new-1").await];

    assert_eq!((known, others), ([true, true], [false, false, false]));
}

pub async fn a_connection_that_lost_its_authorization_says_so_why_and_since_when(harness: &impl Harness) {
    for (provider, reason) in
        [(Provider::Gmail, StatusReason::CredentialsRefused), (Provider::Outlook, StatusReason::RemovedAtBroker)]
    {
        let mine = created(harness, &SaveConnection { provider, ..a_save() }).await;

        assert!(lose(harness, &mine, reason, LATER).await);

        let lost = Connection {
            status: ConnectionStatus::NeedsReauthorization,
            reason: Some(reason),
            status_changed_at: LATER,
            ..mine
        };
        assert_eq!(row(harness, &lost).await, lost);
    }
}

pub async fn a_loss_told_again_changes_nothing(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    lose(harness, &mine, StatusReason::CredentialsRefused, LATER).await;
    let before = row(harness, &mine).await;

    assert!(!lose(harness, &mine, StatusReason::RemovedAtBroker, LATER + Duration::HOUR).await);

    assert_eq!(row(harness, &mine).await, before);
}

pub async fn a_loss_of_a_connection_that_was_replaced_meanwhile_changes_nothing(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    reconnect(harness).await;

    assert!(!lose(harness, &mine, StatusReason::CredentialsRefused, LATER).await);

    let replaced = Connection { broker_id: BrokerConnectionId::new("broker-2"), ..mine };
    assert_eq!(row(harness, &replaced).await, replaced);
}

pub async fn a_loss_of_a_connection_that_was_ended_meanwhile_changes_nothing(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    harness.disconnect(COMPANY_A, mine.id, NOON).await;

    assert!(!lose(harness, &mine, StatusReason::CredentialsRefused, LATER).await);
    assert!(!harness.health(COMPANY_A).mark_healthy(&mine, LATER, &an_origin()).await.expect("an answer"));

    assert_eq!(row(harness, &mine).await.status, ConnectionStatus::Disconnected);
}

pub async fn a_connect_after_a_loss_is_active_again(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    assert!(lose(harness, &mine, StatusReason::CredentialsRefused, NOON + Duration::MINUTE).await);

    reconnect(harness).await;

    let again = Connection { broker_id: BrokerConnectionId::new("broker-2"), status_changed_at: LATER, ..mine };
    assert_eq!(row(harness, &again).await, again);
}

pub async fn a_connection_that_is_found_healthy_is_active_again(harness: &impl Harness) {
    let unverified = SaveConnection {
        provider: Provider::Outlook,
        account: None,
        reason: Some(StatusReason::AccountUnverified),
        ..a_save()
    };
    for save in [a_save(), unverified] {
        let mine = created(harness, &save).await;
        lose(harness, &mine, StatusReason::CredentialsRefused, NOON + Duration::MINUTE).await;

        assert!(harness.health(COMPANY_A).mark_healthy(&mine, LATER, &an_origin()).await.expect("an answer"));

        let again = Connection { status_changed_at: LATER, ..mine };
        assert_eq!(row(harness, &again).await, again, "with the reason that it had");
    }
}

pub async fn what_is_active_already_is_not_found_healthy(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;

    assert!(!harness.health(COMPANY_A).mark_healthy(&mine, LATER, &an_origin()).await.expect("an answer"));

    assert_eq!(row(harness, &mine).await, mine);
}

pub async fn an_audit_row_stands_beside_each_change(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    let health = harness.health(COMPANY_A);

    for _ in 0..2 {
        lose(harness, &mine, StatusReason::CredentialsRefused, LATER).await;
    }
    for _ in 0..2 {
        health.mark_healthy(&mine, LATER, &an_origin()).await.expect("an answer");
    }
    health.note_fetch(&mine, Fetch::Failed).await.expect("done");

    let expected = ["connection_created", "connection_needs_reauthorization", "connection_recovered"];
    assert_eq!(harness.audited(COMPANY_A).await, expected);
}

pub async fn a_failed_fetch_shows_until_one_succeeds(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;

    for (fetch, shown) in [(Fetch::Failed, Some(StatusReason::FetchFailed)), (Fetch::Done, None), (Fetch::Done, None)] {
        harness.health(COMPANY_A).note_fetch(&mine, fetch).await.expect("done");
        assert_eq!(row(harness, &mine).await, Connection { reason: shown, ..mine.clone() });
    }
}

pub async fn a_failed_fetch_hides_no_other_reason(harness: &impl Harness) {
    let unverified = SaveConnection { reason: Some(StatusReason::AccountUnverified), ..a_save() };
    let mine = created(harness, &unverified).await;
    let health = harness.health(COMPANY_A);

    for fetch in [Fetch::Failed, Fetch::Done] {
        health.note_fetch(&mine, fetch).await.expect("done");
        assert_eq!(row(harness, &mine).await, mine);
    }
    lose(harness, &mine, StatusReason::CredentialsRefused, LATER).await;
    health.note_fetch(&mine, Fetch::Failed).await.expect("done");
    assert_eq!(row(harness, &mine).await.reason, Some(StatusReason::CredentialsRefused));
}

async fn lose(harness: &impl Harness, connection: &Connection, reason: StatusReason, at: OffsetDateTime) -> bool {
    let health = harness.health(COMPANY_A);
    health.mark_needs_reauthorization(connection, reason, at, &an_origin()).await.expect("an answer")
}

async fn row(harness: &impl Harness, connection: &Connection) -> Connection {
    let found = harness.health(COMPANY_A).find_brokered(COMPANY_A, &connection.reference()).await;
    found.expect("an answer").expect("a row")
}

fn gmail(broker_id: &str) -> BrokerReference {
    BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new(broker_id) }
}

async fn created(harness: &impl Harness, save: &SaveConnection) -> Connection {
    match harness.store(COMPANY_A).save_connection(save).await.expect("an outcome") {
        SaveOutcome::Created(connection) => connection,
        other => panic!("expected a new row, got {other:?}"),
    }
}

/// `broker-2` takes the place of `broker-1`.
async fn reconnect(harness: &impl Harness) {
    let save = SaveConnection {
        broker_id: BrokerConnectionId::new("broker-2"),
        decided_on: Some(BrokerConnectionId::new("broker-1")),
        at: LATER,
        ..a_save()
    };
    let outcome = harness.store(COMPANY_A).save_connection(&save).await.expect("an outcome");
    assert!(matches!(outcome, SaveOutcome::Replaced { .. }), "{outcome:?}");
}
