//! [`Reconcile`] with all stores in memory.

use cortex_kernel::BrokerConnectionId;
use rstest::rstest;
use time::Duration as Span;

use super::*;
use crate::model::{BrokerConnection, ProviderAccount, StatusReason, UnclaimedConnection};
use crate::ports::{BrokerRemovals as _, ConnectionStore as _, OriginalConnections as _, UnclaimedConnections as _};
use crate::scene::{Scene, account, at_broker, away};
use crate::testing::{COMPANY_A, NOON, USER_1, USER_2, a_connection, a_save, an_account, an_unclaimed_connection};

const EARLIER: OffsetDateTime = NOON.saturating_sub(Span::HOUR);
const LATER: OffsetDateTime = NOON.saturating_add(Span::HOUR);

const fn found(found: u64) -> Reconciled {
    Reconciled { found, saved: 0, changed: 0, left_over: 0, removed: 0 }
}

async fn reconciled(scene: &Scene) -> Reconciled {
    scene.reconcile().everything().await.unwrap()
}

fn colleagues(id: &str) -> BrokerConnection {
    let mut connection = at_broker(id);
    connection.claims.user_id = Some(USER_2.to_string());
    connection
}

#[tokio::test]
async fn what_is_in_order_stays() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    assert_eq!(reconciled(&scene).await, found(1));

    assert_eq!((scene.row().await, scene.broker.asked()), (Some(a_connection()), 0));
}

#[tokio::test]
async fn a_connection_whose_webhook_was_lost_is_saved() {
    let scene = Scene::new();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    for n in 0..4 {
        let mut connection = colleagues(&format!("colleague-{n}"));
        connection.reference.provider = Provider::ALL[n];
        scene.broker.has(connection, Some(account("two@example.com")));
    }

    assert_eq!(reconciled(&scene).await, Reconciled { saved: 5, ..found(5) }, "over all parts of the list");

    assert_eq!(scene.row().await.map(|row| row.broker_id), Some(a_connection().broker_id));
    assert_eq!(reconciled(&scene).await, found(5));
}

#[tokio::test]
async fn a_reconnect_whose_webhook_was_lost_takes_the_place_of_the_older_connection() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has_since(EARLIER, at_broker("broker-1"), Some(an_account()));
    scene.broker.has(at_broker("broker-2"), Some(an_account()));

    assert_eq!(reconciled(&scene).await, Reconciled { saved: 1, ..found(2) });

    assert_eq!(scene.row().await.unwrap().broker_id, BrokerConnectionId::new("broker-2"));
    assert_eq!(scene.broker.deleted(), ["broker-1"]);
}

#[tokio::test]
async fn another_account_is_refused_also_where_its_webhook_was_lost() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has_since(EARLIER, at_broker("broker-1"), Some(an_account()));
    scene.broker.has(at_broker("broker-2"), Some(account("private@example.com")));

    assert_eq!(reconciled(&scene).await, found(2));

    assert_eq!((scene.row().await, scene.broker.deleted()), (Some(a_connection()), vec!["broker-2".to_owned()]));
}

/// The session was used twice, or somebody made them before people owned connections.
#[tokio::test]
async fn what_is_older_than_what_its_owner_has_is_left_over_and_said_once() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene.broker.has_since(EARLIER, at_broker("stray"), Some(an_account()));

    for _ in 0..2 {
        assert_eq!(reconciled(&scene).await, Reconciled { left_over: 1, ..found(2) });
    }

    let kept = scene.quarantine.kept(COMPANY_A);
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].reason, kept[0].reference.id.as_str()), (QuarantineReason::LeftOver, "stray"));
    assert_eq!((scene.row().await, scene.broker.deleted()), (Some(a_connection()), vec![]));
}

#[tokio::test]
async fn of_two_unknown_connections_of_one_person_the_newer_one_is_his() {
    let scene = Scene::new();
    scene.broker.has_since(EARLIER, at_broker("older"), Some(an_account()));
    scene.broker.has(at_broker("newer"), Some(an_account()));

    assert_eq!(reconciled(&scene).await, Reconciled { saved: 1, left_over: 1, ..found(2) });

    assert_eq!(scene.row().await.unwrap().broker_id.as_str(), "newer");
}

/// A person who disconnected is not brought back by what he left behind before; a connect after that counts.
#[rstest]
#[case::before(EARLIER, false)]
#[case::after(LATER, true)]
#[tokio::test]
async fn after_a_disconnect_only_a_later_connect_counts(#[case] made_at: OffsetDateTime, #[case] is_his: bool) {
    let ended = Connection { status: ConnectionStatus::Disconnected, status_changed_at: NOON, ..a_connection() };
    let scene = Scene::with([ended]);
    scene.broker.has_since(made_at, at_broker("broker-2"), Some(an_account()));

    let result = reconciled(&scene).await;

    assert_eq!((result.saved, result.left_over), (u64::from(is_his), u64::from(!is_his)));
    assert_eq!(scene.row().await.unwrap().status.is_connected(), is_his);
}

#[tokio::test]
async fn what_we_ended_and_is_still_there_is_to_be_removed() {
    let scene = Scene::with([Connection { status: ConnectionStatus::Disconnected, ..a_connection() }]);
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    assert_eq!(reconciled(&scene).await, Reconciled { removed: 1, ..found(1) });

    assert_eq!(scene.removals.list_pending(COMPANY_A).await.unwrap(), [at_broker("broker-1").reference]);
    assert_eq!(reconciled(&scene).await, found(1), "it is on its way");
}

#[tokio::test]
async fn what_is_to_be_removed_is_not_taken_for_new() {
    let scene = Scene::new();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    let removal = Removal { company_id: COMPANY_A, reference: at_broker("broker-1").reference };
    scene.removals.put(&removal).await.unwrap();

    assert_eq!(reconciled(&scene).await, found(1));

    assert_eq!(scene.row().await, None);
}

#[rstest]
#[case::lost(ConnectionStatus::Active, false, ConnectionStatus::NeedsReauthorization, 1)]
#[case::recovered(ConnectionStatus::NeedsReauthorization, true, ConnectionStatus::Active, 1)]
#[case::lost_still(ConnectionStatus::NeedsReauthorization, false, ConnectionStatus::NeedsReauthorization, 0)]
#[tokio::test]
async fn a_connection_stands_as_the_broker_reads_it(
    #[case] status: ConnectionStatus,
    #[case] is_authorized: bool,
    #[case] expected: ConnectionStatus,
    #[case] changed: u64,
) {
    let scene = Scene::with([Connection { status, ..a_connection() }]);
    scene.broker.has(BrokerConnection { is_authorized, ..at_broker("broker-1") }, Some(an_account()));

    assert_eq!(reconciled(&scene).await, Reconciled { changed, ..found(1) });

    assert_eq!(scene.row().await.unwrap().status, expected);
}

#[tokio::test]
async fn a_connection_that_vanished_at_the_broker_is_marked_and_not_deleted() {
    let scene = Scene::with([a_connection()]);

    assert_eq!(reconciled(&scene).await, Reconciled { changed: 1, ..found(0) });

    let row = scene.row().await.unwrap();
    let expected = (ConnectionStatus::NeedsReauthorization, Some(StatusReason::RemovedAtBroker));
    assert_eq!((row.status, row.reason), expected);
    assert_eq!(reconciled(&scene).await, found(0), "that is no news");
}

/// Nobody removes all of a company's connections at once; the key of another environment sees none of them.
#[rstest]
#[case::small(2)]
#[case::large(8)]
#[tokio::test]
async fn when_nearly_everything_vanished_nothing_is_changed(#[case] count: u128) {
    let rows: Vec<_> = (0..count)
        .map(|n| {
            let mut row = a_connection();
            row.id = cortex_kernel::ConnectionId::new(i64::try_from(n).unwrap() + 1);
            row.owner.user_id = UserId::new(uuid::Uuid::from_u128(n));
            row.broker_id = BrokerConnectionId::new(format!("broker-{n}"));
            row
        })
        .collect();
    let scene = Scene::with(rows.clone());

    assert_eq!(reconciled(&scene).await, found(0));

    assert_eq!(scene.connections.list_owned(COMPANY_A, None, 100).await.unwrap().connections, rows);
}

/// The list tells how the last try went, and only asking makes the broker try again.
#[tokio::test]
async fn what_the_provider_accepts_again_is_found_although_the_list_does_not_say_so() {
    let lost = Connection { status: ConnectionStatus::NeedsReauthorization, ..a_connection() };
    let scene = Scene::with([lost]);
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene.broker.list_as(at_broker("broker-1").reference, false);

    assert_eq!(reconciled(&scene).await, Reconciled { changed: 1, ..found(1) });

    assert_eq!(scene.row().await.unwrap().status, ConnectionStatus::Active);
}

/// One at the broker, about which it cannot answer, and a webhook of somebody else's that was lost.
#[tokio::test]
async fn what_cannot_be_asked_about_holds_up_nobody_else() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has(BrokerConnection { is_authorized: false, ..at_broker("broker-1") }, Some(an_account()));
    scene.broker.fail_about(at_broker("broker-1").reference, away);
    scene.broker.has_since(EARLIER, colleagues("broker-7"), Some(account("two@example.com")));

    assert_eq!(reconciled(&scene).await, Reconciled { saved: 1, ..found(2) });

    assert_eq!(scene.row().await, Some(a_connection()));
}

#[tokio::test]
async fn what_follows_a_save_is_made_up_for() {
    let scene = Scene::new();
    scene.connections.save_connection(&a_save()).await.unwrap();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    reconciled(&scene).await;
    reconciled(&scene).await;

    let original = scene.originals.find_original(COMPANY_A, USER_1, Provider::Gmail).await.unwrap();
    assert_eq!(original.map(|original| original.account), Some(an_account()));
    assert_eq!(scene.reading.asked().len(), 1);
}

/// A newer one that is refused takes nothing from the older one.
#[tokio::test]
async fn of_two_unknown_connections_the_older_one_counts_where_the_newer_one_is_not_taken() {
    let scene = Scene::new();
    scene.broker.has_since(EARLIER, at_broker("older"), Some(an_account()));
    scene.broker.has(at_broker("newer"), Some(an_account()));
    let removal = BrokerReference { id: BrokerConnectionId::new("newer"), ..at_broker("newer").reference };
    scene.connections.give_up(COMPANY_A, removal);

    assert_eq!(reconciled(&scene).await, Reconciled { saved: 1, ..found(2) });

    assert_eq!(scene.row().await.unwrap().broker_id.as_str(), "older");
}

#[tokio::test]
async fn who_asks_is_told_that_his_connection_is_gone() {
    let scene = Scene::with([a_connection()]);

    let asked = scene.reconcile().of_person(USER_1, Provider::Gmail, &Origin::default()).await.unwrap();

    assert_eq!(asked, Reconciled { changed: 1, ..found(0) });
    assert_eq!(scene.row().await.unwrap().reason, Some(StatusReason::RemovedAtBroker));
}

/// It is an old connection, although Nango was told whose: he has to prove the account.
#[tokio::test]
async fn who_asks_gets_no_old_connection() {
    let scene = Scene::new();
    scene.connections.put_unclaimed(COMPANY_A, an_unclaimed_connection(), NOON);
    scene.broker.has(at_broker("old-1"), Some(an_account()));

    let asked = scene.reconcile().of_person(USER_1, Provider::Gmail, &Origin::default()).await.unwrap();

    assert_eq!((asked, scene.row().await, scene.broker.deleted()), (found(1), None, vec![]));
}

#[tokio::test]
async fn an_account_that_could_not_be_read_is_read_later_and_later_connects_are_held_to_it() {
    let reason = Some(StatusReason::AccountUnverified);
    let scene = Scene::with([Connection { account: None, reason, ..a_connection() }]);
    scene.broker.has_since(EARLIER, at_broker("broker-1"), None);
    reconciled(&scene).await;
    assert_eq!(scene.row().await.unwrap().reason, reason);

    scene.broker.has_since(EARLIER, at_broker("broker-1"), Some(an_account()));
    reconciled(&scene).await;

    assert_eq!(scene.row().await, Some(a_connection()));
    scene.broker.has(at_broker("broker-2"), Some(account("private@example.com")));
    reconciled(&scene).await;
    assert_eq!(scene.row().await, Some(a_connection()));
}

#[rstest]
#[case::readable(Some(an_account()), Some(an_account()))]
#[case::unreadable(None, None)]
#[tokio::test]
async fn the_accounts_of_old_connections_are_written_down_while_they_can_be_read(
    #[case] at_provider: Option<ProviderAccount>,
    #[case] expected: Option<ProviderAccount>,
) {
    let scene = Scene::new();
    scene.connections.put_unclaimed(COMPANY_A, an_unclaimed_connection(), NOON);
    scene.broker.has(at_broker("old-1"), at_provider);

    assert_eq!(reconciled(&scene).await, found(1), "it is ours");

    let unclaimed = scene.connections.list_unclaimed(COMPANY_A).await.unwrap();
    assert_eq!(unclaimed, [UnclaimedConnection { account: expected, ..an_unclaimed_connection() }]);
    assert_eq!((scene.row().await, scene.quarantine.kept(COMPANY_A)), (None, vec![]));
}

#[tokio::test]
async fn who_asks_has_his_own_connection_of_the_provider_looked_for() {
    let scene = Scene::new();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene.broker.has(colleagues("broker-7"), Some(account("two@example.com")));
    let reconcile = scene.reconcile();

    let ask = async || reconcile.of_person(USER_1, Provider::Gmail, &Origin::default()).await.unwrap();
    assert_eq!(ask().await, Reconciled { saved: 1, ..found(1) });
    assert_eq!(ask().await, found(1));

    let colleagues = scene.connections.find_connection(COMPANY_A, USER_2, Provider::Gmail).await.unwrap();
    assert_eq!(colleagues, None);
}

#[tokio::test]
async fn one_process_at_a_time_compares_and_not_all_the_time() {
    let scene = Scene::new();
    let (one, other) = (scene.reconcile(), scene.reconcile());

    assert_eq!(one.tick().await.unwrap(), Some(found(0)));
    assert_eq!(other.tick().await.unwrap(), None);
    scene.turns.pass(EVERY);
    assert_eq!(other.tick().await.unwrap(), Some(found(0)));
}

#[tokio::test]
async fn while_the_broker_is_away_nothing_changes() {
    let scene = Scene::with([a_connection()]);
    scene.broker.fail(Some(away));

    let failed = scene.reconcile().everything().await;

    assert!(matches!(failed, Err(CheckError::Broker(BrokerError::Unavailable(_)))), "{failed:?}");
    assert_eq!(scene.row().await, Some(a_connection()));
}
