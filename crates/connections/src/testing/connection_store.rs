//! The contract of [`ConnectionStore`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Provider, UserId};
use futures_util::future::join_all;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    COMPANY_A, COMPANY_B, InMemoryConnectionStore, NOON, USER_1, USER_2, a_save, an_owner, an_unclaimed_connection,
};
use crate::model::{
    BrokerReference, Connect, Connection, ConnectionStatus, Owner, ProviderAccount, SaveConnection, SaveOutcome,
    StatusReason, UnclaimedConnection,
};
use crate::ports::{ConnectionStore, OwnedPart};

const LATER: OffsetDateTime = NOON.saturating_add(Duration::HOUR);

/// A fresh, empty store and a way to look at it from outside of its port.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn store(&self, company_id: CompanyId) -> Arc<dyn ConnectionStore>;
    /// Marks a connection of the company as ended by its owner.
    async fn disconnect(&self, company_id: CompanyId, id: ConnectionId, at: OffsetDateTime);
    /// Puts a Gmail connection without user there, which is there since `connected_at`.
    async fn put_unclaimed(&self, company_id: CompanyId, broker_id: &str, connected_at: OffsetDateTime)
    -> ConnectionId;
    /// The old connections of the company that are nobody's.
    async fn unclaimed(&self, company_id: CompanyId) -> Vec<ConnectionId>;
    /// Puts a Gmail connection into quarantine.
    async fn quarantine(&self, company_id: CompanyId, broker_id: &str);
    /// How many are in quarantine.
    async fn quarantined(&self, company_id: CompanyId) -> usize;
    /// Takes note that a Gmail connection was given up and is gone at the broker.
    async fn give_up(&self, company_id: CompanyId, broker_id: &str);
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
    /// The ids of the broker's connections that are to be removed there, oldest first.
    async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String>;
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
            what_was_replaced_is_to_be_removed_at_the_broker,
            a_connection_without_user_becomes_that_of_the_person_who_claims_it_and_keeps_its_connected_at,
            of_twenty_who_claim_a_connection_without_user_at_once_one_gets_it,
            an_account_that_was_not_known_is_noted_once,
            all_connections_that_somebody_owns_are_listed_once_part_by_part,
            a_connect_heard_of_before_the_disconnect_brings_nobody_back,
            what_was_given_up_comes_back_to_nobody,
            an_old_connection_that_is_somebodys_now_is_nobody_elses_and_is_not_removed_at_the_broker,
            what_was_quarantined_and_is_somebodys_now_is_quarantined_no_more,
            what_follows_a_save_is_due_until_it_was_done,
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

    async fn put_unclaimed(
        &self,
        company_id: CompanyId,
        broker_id: &str,
        connected_at: OffsetDateTime,
    ) -> ConnectionId {
        let row = UnclaimedConnection { broker_id: BrokerConnectionId::new(broker_id), ..an_unclaimed_connection() };
        self.0.put_unclaimed(company_id, row, connected_at);
        an_unclaimed_connection().id
    }

    async fn unclaimed(&self, company_id: CompanyId) -> Vec<ConnectionId> {
        self.0.unclaimed_of(company_id).into_iter().map(|(row, _)| row.id).collect()
    }

    async fn quarantine(&self, company_id: CompanyId, broker_id: &str) {
        self.0.quarantine(company_id, gmail(broker_id));
    }

    async fn quarantined(&self, company_id: CompanyId) -> usize {
        self.0.quarantined(company_id).len()
    }

    async fn give_up(&self, company_id: CompanyId, broker_id: &str) {
        self.0.give_up(company_id, gmail(broker_id));
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id).into_iter().map(ToOwned::to_owned).collect()
    }

    async fn to_be_removed(&self, company_id: CompanyId) -> Vec<String> {
        self.0.to_be_removed(company_id).into_iter().map(|removed| removed.id.to_string()).collect()
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
        let nothing = OwnedPart { connections: vec![], next: None };
        assert_eq!(store.list_owned(COMPANY_A, None, 9).await.expect("an answer"), nothing);
        assert_eq!(store.list_follow_ups(COMPANY_A).await.expect("an answer"), []);
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

pub async fn what_was_replaced_is_to_be_removed_at_the_broker(harness: &impl Harness) {
    created(harness, &a_save()).await;
    assert_eq!(harness.to_be_removed(COMPANY_A).await, [""; 0]);

    save(harness, &a_reconnect("broker-2", "broker-1")).await;
    save(harness, &a_reconnect("broker-3", "broker-1")).await;

    assert_eq!(harness.to_be_removed(COMPANY_A).await, ["broker-1"]);
}

pub async fn a_connection_without_user_becomes_that_of_the_person_who_claims_it_and_keeps_its_connected_at(
    harness: &impl Harness,
) {
    let since = NOON - Duration::DAY;
    let old = harness.put_unclaimed(COMPANY_A, "old-1", since).await;
    let claim = SaveConnection { claims: Some(old), ..a_save() };

    let outcome = save(harness, &claim).await;

    let SaveOutcome::Replaced { connection, previous } = outcome else { panic!("{outcome:?}") };
    assert_eq!(previous, BrokerConnectionId::new("old-1"));
    let expected = Connection {
        id: old,
        owner: an_owner(),
        provider: Provider::Gmail,
        broker_id: claim.broker_id.clone(),
        account: claim.account.clone(),
        status: ConnectionStatus::Active,
        reason: None,
        connected_at: since,
        status_changed_at: NOON,
    };
    assert_eq!((&connection, own(harness, COMPANY_A, USER_1).await), (&expected, vec![expected.clone()]));
    assert_eq!(harness.to_be_removed(COMPANY_A).await, ["old-1"]);
    assert_eq!(harness.audited(COMPANY_A).await, ["connection_claimed"]);
}

pub async fn of_twenty_who_claim_a_connection_without_user_at_once_one_gets_it(harness: &impl Harness) {
    let old = harness.put_unclaimed(COMPANY_A, "old-1", NOON).await;
    let claims: Vec<_> = (0..20)
        .map(|n| {
            let owner = Owner { user_id: UserId::new(Uuid::from_u128(n)), ..an_owner() };
            let broker_id = BrokerConnectionId::new(format!("broker-{n}"));
            SaveConnection { owner, broker_id, claims: Some(old), ..a_save() }
        })
        .collect();
    let store = harness.store(COMPANY_A);

    let outcomes = join_all(claims.iter().map(|claim| store.save_connection(claim))).await;

    let (won, lost): (Vec<_>, Vec<_>) = outcomes
        .into_iter()
        .map(|outcome| outcome.expect("an outcome"))
        .partition(|outcome| matches!(outcome, SaveOutcome::Replaced { .. }));
    assert_eq!(won.len(), 1, "{won:?}");
    assert!(lost.iter().all(|outcome| *outcome == SaveOutcome::Moved), "{lost:?}");
}

pub async fn an_account_that_was_not_known_is_noted_once(harness: &impl Harness) {
    let unverified = SaveConnection { account: None, reason: Some(StatusReason::AccountUnverified), ..a_save() };
    let row = created(harness, &unverified).await;
    let store = harness.store(COMPANY_A);
    let account = ProviderAccount { id: Some("account-7".to_owned()), email: None };

    let moved = Connection { broker_id: BrokerConnectionId::new("broker-0"), ..row.clone() };
    store.identify(&moved, &account).await.expect("done");
    assert_eq!(own(harness, COMPANY_A, USER_1).await, std::slice::from_ref(&row));

    store.identify(&row, &account).await.expect("done");
    let other = ProviderAccount { id: Some("account-8".to_owned()), email: None };
    store.identify(&row, &other).await.expect("done");

    let known = Connection { account: Some(account), reason: None, ..row };
    assert_eq!(own(harness, COMPANY_A, USER_1).await, [known]);
}

pub async fn all_connections_that_somebody_owns_are_listed_once_part_by_part(harness: &impl Harness) {
    harness.put_unclaimed(COMPANY_A, "old-1", NOON).await;
    let mut expected = vec![created(harness, &a_save()).await.id, created(harness, &of_the_colleague("c-1")).await.id];
    let outlook = SaveConnection { provider: Provider::Outlook, broker_id: BrokerConnectionId::new("o-1"), ..a_save() };
    expected.push(created(harness, &outlook).await.id);
    expected.sort();
    let elsewhere = SaveConnection { owner: Owner { company_id: COMPANY_B, ..an_owner() }, ..a_save() };
    harness.store(COMPANY_B).save_connection(&elsewhere).await.expect("an outcome");

    let store = harness.store(COMPANY_A);
    let first = store.list_owned(COMPANY_A, None, 2).await.expect("a list");
    let rest = store.list_owned(COMPANY_A, first.next, 2).await.expect("a list");

    assert_eq!((first.connections.len(), first.next, rest.next), (2, Some(expected[1]), None));
    let listed: Vec<_> = first.connections.iter().chain(&rest.connections).map(|row| row.id).collect();
    assert_eq!(listed, expected);
}

pub async fn a_connect_heard_of_before_the_disconnect_brings_nobody_back(harness: &impl Harness) {
    let first = created(harness, &a_save()).await;
    harness.disconnect(COMPANY_A, first.id, NOON + Duration::MINUTE).await;

    let late = SaveConnection { heard_at: NOON, ..a_reconnect("broker-2", "broker-1") };
    assert_eq!(save(harness, &late).await, SaveOutcome::Ended);

    let rows = own(harness, COMPANY_A, USER_1).await;
    assert_eq!((rows[0].status, &rows[0].broker_id), (ConnectionStatus::Disconnected, &first.broker_id));
}

pub async fn what_was_given_up_comes_back_to_nobody(harness: &impl Harness) {
    created(harness, &a_save()).await;
    save(harness, &a_reconnect("broker-2", "broker-1")).await;
    harness.give_up(COMPANY_A, "gone-1").await;

    let replay = SaveConnection { decided_on: Some(BrokerConnectionId::new("broker-2")), ..a_save() };
    assert_eq!(save(harness, &replay).await, SaveOutcome::Ended, "it was replaced");
    assert_eq!(save(harness, &of_the_colleague("gone-1")).await, SaveOutcome::Ended, "it is gone at the broker");

    assert_eq!(own(harness, COMPANY_A, USER_1).await[0].broker_id.as_str(), "broker-2");
    assert_eq!(own(harness, COMPANY_A, USER_2).await, []);
}

pub async fn an_old_connection_that_is_somebodys_now_is_nobody_elses_and_is_not_removed_at_the_broker(
    harness: &impl Harness,
) {
    let claimed = harness.put_unclaimed(COMPANY_A, "old-1", NOON).await;
    let of_old = |broker_id: &str| BrokerConnectionId::new(broker_id);
    let claim = SaveConnection { broker_id: of_old("old-1"), claims: Some(claimed), ..a_save() };

    assert_eq!(created(harness, &claim).await.id, claimed, "it holds the same connection");
    assert_eq!((harness.to_be_removed(COMPANY_A).await, harness.unclaimed(COMPANY_A).await), (vec![], vec![]));

    created(harness, &of_the_colleague("colleague-1")).await;
    harness.put_unclaimed(COMPANY_A, "old-2", NOON).await;
    let reconnect = SaveConnection { decided_on: Some(of_old("colleague-1")), ..of_the_colleague("old-2") };
    let outcome = save(harness, &reconnect).await;
    assert!(matches!(outcome, SaveOutcome::Replaced { .. }), "{outcome:?}");
    assert_eq!(harness.to_be_removed(COMPANY_A).await, ["colleague-1"]);
    assert_eq!(harness.unclaimed(COMPANY_A).await, []);
}

pub async fn what_was_quarantined_and_is_somebodys_now_is_quarantined_no_more(harness: &impl Harness) {
    harness.quarantine(COMPANY_A, "broker-1").await;
    harness.quarantine(COMPANY_A, "broker-2").await;

    created(harness, &a_save()).await;

    assert_eq!(harness.quarantined(COMPANY_A).await, 1);
}

pub async fn what_follows_a_save_is_due_until_it_was_done(harness: &impl Harness) {
    let store = harness.store(COMPANY_A);
    let first = created(harness, &a_save()).await;
    let due = async || store.list_follow_ups(COMPANY_A).await.expect("a list");
    assert_eq!(due().await, [(first.clone(), Connect::First)]);
    assert_eq!(store.find_follow_up(&first).await.expect("an answer"), Some(Connect::First));

    save(harness, &a_reconnect("broker-2", "broker-1")).await;
    store.followed_up(&first).await.expect("done");
    let again = own(harness, COMPANY_A, USER_1).await.remove(0);
    assert_eq!(due().await, [(again.clone(), Connect::Again)], "it was done for what the row no longer holds");

    store.followed_up(&again).await.expect("done");
    assert_eq!((due().await, store.find_follow_up(&again).await.expect("an answer")), (vec![], None));
    save(harness, &a_reconnect("broker-2", "broker-1")).await;
    assert_eq!(due().await, [], "it is saved already");

    harness.disconnect(COMPANY_A, again.id, LATER).await;
    save(harness, &a_reconnect("broker-3", "broker-2")).await;
    let connects: Vec<_> = due().await.into_iter().map(|(_, connect)| connect).collect();
    assert_eq!(connects, [Connect::First], "he had none any more");
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
    let mut all = harness.store(company_id).list_owned(company_id, None, 100).await.expect("a list").connections;
    all.retain(|row| row.owner.user_id == user_id);
    all
}

fn gmail(broker_id: &str) -> BrokerReference {
    BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new(broker_id) }
}

fn a_reconnect(broker_id: &str, decided_on: &str) -> SaveConnection {
    SaveConnection {
        broker_id: BrokerConnectionId::new(broker_id),
        decided_on: Some(BrokerConnectionId::new(decided_on)),
        heard_at: LATER,
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
