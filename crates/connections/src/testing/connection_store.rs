//! The contract of [`ConnectionStore`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Provider, UserId};
use futures_util::future::join_all;
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, InMemoryConnectionStore, NOON, USER_1, USER_2, a_save, an_owner};
use crate::model::{Connection, ConnectionStatus, Owner, ProviderAccount, SaveConnection, SaveOutcome, StatusReason};
use crate::ports::ConnectionStore;

const LATER: OffsetDateTime = NOON.saturating_add(Duration::HOUR);

/// A fresh, empty store and a way to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore>;
    /// Marks a connection of the company as ended by its owner.
    async fn disconnect(&self, company_id: CompanyId, id: ConnectionId, at: OffsetDateTime);
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! connection_store_contract {
    ($harness:expr) => {
        $crate::connection_store_contract! { $harness =>
            the_first_connect_makes_one_row,
            the_same_user_again_keeps_the_row_and_its_connected_at_and_takes_the_new_broker_id,
            a_colleagues_row_of_the_same_provider_is_untouched,
            another_companys_row_reads_as_absent,
            a_connect_after_a_disconnect_takes_the_row_with_a_new_connected_at,
            a_save_decided_on_a_row_that_moved_changes_nothing,
            a_broker_id_in_somebody_elses_row_is_refused,
            saving_the_same_broker_id_twenty_times_at_once_ends_in_one_row_and_no_error,
            an_audit_row_stands_beside_each_save_that_changed_something,
            an_owners_list_holds_his_own_connections_only,
            a_connection_whose_credentials_are_refused_needs_re_authorization_since_that_moment,
            a_refusal_told_again_changes_nothing,
            a_refusal_of_a_connection_that_was_replaced_meanwhile_changes_nothing,
            a_refusal_of_a_connection_that_was_ended_meanwhile_changes_nothing,
            a_connect_after_a_refusal_is_active_again,
            an_audit_row_stands_beside_each_refusal_that_is_news,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::connection_store::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryConnectionStore`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryConnectionStore>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn store(&self, _: CompanyId) -> Arc<dyn ConnectionStore> {
        self.0.clone()
    }

    async fn disconnect(&self, _: CompanyId, id: ConnectionId, at: OffsetDateTime) {
        self.0.disconnect(id, at);
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id).into_iter().map(ToOwned::to_owned).collect()
    }
}

pub async fn the_first_connect_makes_one_row(harness: &impl Harness) {
    let account = ProviderAccount { id: Some("account-7".to_owned()), email: None };
    let save =
        SaveConnection { account: Some(account.clone()), reason: Some(StatusReason::AccountUnverified), ..a_save() };

    let created = created(harness, &save).await;

    let expected = Connection {
        id: created.id,
        owner: an_owner(),
        provider: Provider::Gmail,
        broker_id: save.broker_id,
        account: Some(account),
        status: ConnectionStatus::Active,
        reason: Some(StatusReason::AccountUnverified),
        connected_at: NOON,
        status_changed_at: NOON,
    };
    assert_eq!(created, expected);
    assert_eq!(own(harness, COMPANY_A, USER_1).await, [expected]);
}

pub async fn the_same_user_again_keeps_the_row_and_its_connected_at_and_takes_the_new_broker_id(
    harness: &impl Harness,
) {
    let first = created(harness, &a_save()).await;

    let outcome = save(harness, &a_reconnect("broker-2", "broker-1")).await;

    let expected = Connection { broker_id: BrokerConnectionId::new("broker-2"), ..first.clone() };
    assert_eq!(outcome, SaveOutcome::Replaced { connection: expected.clone(), previous: first.broker_id });
    assert_eq!(own(harness, COMPANY_A, USER_1).await, [expected]);
}

pub async fn a_colleagues_row_of_the_same_provider_is_untouched(harness: &impl Harness) {
    let colleagues = created(harness, &of_the_colleague("colleague-1")).await;

    created(harness, &a_save()).await;
    save(harness, &a_reconnect("broker-2", "broker-1")).await;

    let found = harness.store(COMPANY_A).find_connection(COMPANY_A, USER_2, Provider::Gmail).await;
    assert_eq!(found.expect("an answer"), Some(colleagues));
}

pub async fn another_companys_row_reads_as_absent(harness: &impl Harness) {
    let elsewhere = SaveConnection { owner: Owner { company_id: COMPANY_B, ..an_owner() }, ..a_save() };
    let saved = harness.store(COMPANY_B).save_connection(&elsewhere).await.expect("an outcome");
    assert!(matches!(saved, SaveOutcome::Created(_)), "{saved:?}");

    for deployment in [COMPANY_A, COMPANY_B] {
        let store = harness.store(deployment);
        let found = store.find_connection(COMPANY_A, USER_1, Provider::Gmail).await.expect("an answer");
        assert_eq!(found, None);
        assert_eq!(store.list_own(COMPANY_A, USER_1).await.expect("an answer"), []);
    }
}

pub async fn a_connect_after_a_disconnect_takes_the_row_with_a_new_connected_at(harness: &impl Harness) {
    let first = created(harness, &a_save()).await;
    harness.disconnect(COMPANY_A, first.id, NOON + Duration::MINUTE).await;

    let replay = save(harness, &a_save()).await;
    let outcome = save(harness, &a_reconnect("broker-2", "broker-1")).await;

    assert_eq!(replay, SaveOutcome::Ended);
    let expected = Connection {
        broker_id: BrokerConnectionId::new("broker-2"),
        connected_at: LATER,
        status_changed_at: LATER,
        ..first.clone()
    };
    assert_eq!(outcome, SaveOutcome::Replaced { connection: expected.clone(), previous: first.broker_id });
    assert_eq!(own(harness, COMPANY_A, USER_1).await, [expected]);
}

pub async fn a_save_decided_on_a_row_that_moved_changes_nothing(harness: &impl Harness) {
    let first = created(harness, &a_save()).await;

    let decided_on_nothing = SaveConnection { decided_on: None, ..a_reconnect("broker-2", "broker-1") };
    let outcomes = [
        save(harness, &decided_on_nothing).await,
        save(harness, &a_reconnect("broker-2", "broker-0")).await,
        save(harness, &SaveConnection { provider: Provider::Outlook, ..a_reconnect("broker-3", "broker-1") }).await,
    ];

    assert_eq!(outcomes, [SaveOutcome::Moved, SaveOutcome::Moved, SaveOutcome::Moved]);
    assert_eq!(own(harness, COMPANY_A, USER_1).await, [first]);
}

pub async fn a_broker_id_in_somebody_elses_row_is_refused(harness: &impl Harness) {
    let colleagues = created(harness, &of_the_colleague("broker-1")).await;

    assert_eq!(save(harness, &a_save()).await, SaveOutcome::TakenByAnother);

    assert_eq!(own(harness, COMPANY_A, USER_1).await, []);
    assert_eq!(own(harness, COMPANY_A, USER_2).await, [colleagues]);
}

pub async fn saving_the_same_broker_id_twenty_times_at_once_ends_in_one_row_and_no_error(harness: &impl Harness) {
    let (store, wanted) = (harness.store(COMPANY_A), a_save());
    let outcomes = join_all((0..20).map(|_| store.save_connection(&wanted))).await;

    let outcomes: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("no error")).collect();
    let created = outcomes.iter().filter(|outcome| matches!(outcome, SaveOutcome::Created(_))).count();
    let kept = outcomes.iter().filter(|outcome| matches!(outcome, SaveOutcome::AlreadySaved(_))).count();
    assert_eq!((created, kept), (1, 19), "{outcomes:?}");
    assert_eq!(own(harness, COMPANY_A, USER_1).await.len(), 1);
    assert_eq!(harness.audited(COMPANY_A).await, ["connection_created"]);
}

pub async fn an_audit_row_stands_beside_each_save_that_changed_something(harness: &impl Harness) {
    let first = created(harness, &a_save()).await;
    save(harness, &a_save()).await;
    save(harness, &a_reconnect("broker-2", "broker-0")).await;
    save(harness, &a_reconnect("broker-2", "broker-1")).await;
    harness.disconnect(COMPANY_A, first.id, NOON).await;
    save(harness, &a_reconnect("broker-3", "broker-2")).await;

    let told = harness.audited(COMPANY_A).await;

    assert_eq!(told, ["connection_created", "connection_reconnected", "connection_created"]);
    assert_eq!(harness.audited(COMPANY_B).await, [""; 0]);
}

pub async fn an_owners_list_holds_his_own_connections_only(harness: &impl Harness) {
    let outlook =
        SaveConnection { provider: Provider::Outlook, broker_id: BrokerConnectionId::new("broker-9"), ..a_save() };
    let outlook = created(harness, &outlook).await;
    let gmail = created(harness, &a_save()).await;
    created(harness, &of_the_colleague("colleague-1")).await;

    assert_eq!(own(harness, COMPANY_A, USER_1).await, [gmail, outlook]);
}

pub async fn a_connection_whose_credentials_are_refused_needs_re_authorization_since_that_moment(
    harness: &impl Harness,
) {
    let colleagues = created(harness, &of_the_colleague("colleague-1")).await;
    let mine = created(harness, &a_save()).await;
    let elsewhere = Connection { owner: Owner { company_id: COMPANY_B, ..an_owner() }, ..mine.clone() };

    assert!(!refuse(harness, &elsewhere, LATER).await);
    assert!(refuse(harness, &mine, LATER).await);

    assert_eq!(own(harness, COMPANY_A, USER_1).await, [refused(&mine)]);
    assert_eq!(own(harness, COMPANY_A, USER_2).await, [colleagues]);
}

pub async fn a_refusal_told_again_changes_nothing(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    refuse(harness, &mine, LATER).await;

    assert!(!refuse(harness, &mine, LATER + Duration::HOUR).await);

    assert_eq!(own(harness, COMPANY_A, USER_1).await, [refused(&mine)]);
}

pub async fn a_refusal_of_a_connection_that_was_replaced_meanwhile_changes_nothing(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    save(harness, &a_reconnect("broker-2", "broker-1")).await;

    assert!(!refuse(harness, &mine, LATER).await);

    let replaced = Connection { broker_id: BrokerConnectionId::new("broker-2"), ..mine };
    assert_eq!(own(harness, COMPANY_A, USER_1).await, [replaced]);
}

pub async fn a_refusal_of_a_connection_that_was_ended_meanwhile_changes_nothing(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    harness.disconnect(COMPANY_A, mine.id, NOON).await;

    assert!(!refuse(harness, &mine, LATER).await);

    let ended = Connection { status: ConnectionStatus::Disconnected, ..mine };
    assert_eq!(own(harness, COMPANY_A, USER_1).await, [ended]);
}

pub async fn a_connect_after_a_refusal_is_active_again(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;
    assert!(refuse(harness, &mine, NOON + Duration::MINUTE).await);

    save(harness, &a_reconnect("broker-2", "broker-1")).await;

    let again = Connection { broker_id: BrokerConnectionId::new("broker-2"), status_changed_at: LATER, ..mine };
    assert_eq!(own(harness, COMPANY_A, USER_1).await, [again]);
}

pub async fn an_audit_row_stands_beside_each_refusal_that_is_news(harness: &impl Harness) {
    let mine = created(harness, &a_save()).await;

    for _ in 0..3 {
        refuse(harness, &mine, LATER).await;
    }

    let told = harness.audited(COMPANY_A).await;
    assert_eq!(told, ["connection_created", "connection_needs_reauthorization"]);
}

async fn refuse(harness: &impl Harness, connection: &Connection, at: OffsetDateTime) -> bool {
    harness.store(COMPANY_A).mark_needs_reauthorization(connection, at).await.expect("an answer")
}

fn refused(connection: &Connection) -> Connection {
    Connection {
        status: ConnectionStatus::NeedsReauthorization,
        reason: Some(StatusReason::CredentialsRefused),
        status_changed_at: LATER,
        ..connection.clone()
    }
}

async fn save(harness: &impl Harness, save: &SaveConnection) -> SaveOutcome {
    harness.store(COMPANY_A).save_connection(save).await.expect("an outcome")
}

async fn created(harness: &impl Harness, wanted: &SaveConnection) -> Connection {
    match save(harness, wanted).await {
        SaveOutcome::Created(connection) => connection,
        other => panic!("expected a new row, got {other:?}"),
    }
}

async fn own(harness: &impl Harness, company_id: CompanyId, user_id: UserId) -> Vec<Connection> {
    harness.store(company_id).list_own(company_id, user_id).await.expect("a list")
}

fn a_reconnect(broker_id: &str, decided_on: &str) -> SaveConnection {
    SaveConnection {
        broker_id: BrokerConnectionId::new(broker_id),
        decided_on: Some(BrokerConnectionId::new(decided_on)),
        at: LATER,
        ..a_save()
    }
}

fn of_the_colleague(broker_id: &str) -> SaveConnection {
    let email = "two@example.com".parse().expect("an address");
    SaveConnection {
        owner: Owner { user_id: USER_2, email, ..an_owner() },
        broker_id: BrokerConnectionId::new(broker_id),
        ..a_save()
    }
}
