//! [`AdoptConnection`] with all stores in memory.

use cortex_kernel::{BrokerConnectionId, Origin, Provider};
use rstest::rstest;

use super::*;
use crate::log::Captured;
use crate::model::{ConnectedAccount, ConnectionStatus, OriginalConnection};
use crate::ports::{MockMembers, MockOriginalConnections};
use crate::scene::{Scene, a_notice, account, at_broker, away};
use crate::testing::{
    COMPANY_A, COMPANY_B, NOON, SessionState, USER_1, USER_2, a_claim, a_connect_session, a_connection, a_save,
    an_account, an_unclaimed_connection,
};

mod old_connections;

const LONG: Duration = Duration::from_mins(10);

async fn original(scene: &Scene) -> Option<OriginalConnection> {
    scene.originals.find_original(COMPANY_A, USER_1, Provider::Gmail).await.unwrap()
}

#[tokio::test]
async fn the_first_connect_is_saved_and_its_account_is_the_original_one() {
    let scene = Scene::new();
    scene.sessions.remember(&a_connect_session(), &Origin::default()).await.unwrap();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    let adoption = scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    assert_eq!(adoption, Adoption::Adopted(a_connection()));
    assert_eq!(scene.row().await, Some(a_connection()));
    let broker_id = BrokerConnectionId::new("broker-1");
    let noted = OriginalConnection { account: an_account(), broker_id, connected_at: Some(NOON), reconnects: 0 };
    assert_eq!(original(&scene).await, Some(noted));
    let state = scene.sessions.state_of(a_connect_session().id);
    assert_eq!(state, SessionState::Completed(BrokerConnectionId::new("broker-1")));
    assert_eq!(scene.broker.deleted(), [""; 0]);
}

#[tokio::test]
async fn a_colleagues_connection_is_untouched() {
    let scene = Scene::with([a_connection()]);
    let mut colleagues = at_broker("broker-7");
    colleagues.claims.user_id = Some(USER_2.to_string());
    scene.broker.has(colleagues.clone(), Some(account("other@example.com")));
    let notice = ConnectionNotice { claims: colleagues.claims, ..a_notice("broker-7") };

    let adoption = scene.adopt().adopt(&notice).await.unwrap();

    assert!(matches!(adoption, Adoption::Adopted(ref row) if row.owner.user_id == USER_2), "{adoption:?}");
    assert_eq!(scene.row().await, Some(a_connection()));
}

#[tokio::test]
async fn what_the_notice_leaves_open_is_taken_from_the_broker() {
    let scene = Scene::new();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    let notice = ConnectionNotice { claims: OwnerClaims::default(), ..a_notice("broker-1") };

    let adoption = scene.adopt().adopt(&notice).await.unwrap();

    assert_eq!(adoption, Adoption::Adopted(a_connection()));
}

#[tokio::test]
async fn without_an_address_the_members_own_is_taken() {
    let scene = Scene::new();
    let claims = OwnerClaims { email: None, ..a_claim() };
    scene.broker.has(BrokerConnection { claims: claims.clone(), ..at_broker("broker-1") }, Some(an_account()));

    scene.adopt().adopt(&ConnectionNotice { claims, ..a_notice("broker-1") }).await.unwrap();

    assert_eq!(scene.row().await, Some(a_connection()));
}

#[rstest]
#[case::user(OwnerClaims { user_id: None, ..a_claim() }, "end_user_id")]
#[case::company(OwnerClaims { company_id: None, ..a_claim() }, "organization_id")]
#[tokio::test]
async fn nothing_is_saved_while_an_id_is_missing_and_the_error_names_it(
    #[case] claims: OwnerClaims,
    #[case] field: &str,
) {
    let scene = Scene::new();
    scene.broker.has(BrokerConnection { claims: claims.clone(), ..at_broker("broker-1") }, Some(an_account()));

    let adoption = scene.adopt().adopt(&ConnectionNotice { claims, ..a_notice("broker-1") }).await;

    assert!(matches!(adoption, Err(AdoptError::Missing(missing)) if missing == field), "{adoption:?}");
    assert_eq!((scene.row().await, scene.broker.asked()), (None, 0));
}

/// Also where the webhook says nothing, or that it is ours.
#[tokio::test]
async fn another_companys_connection_is_left_alone_even_where_only_the_broker_knows() {
    for told in [OwnerClaims::default(), a_claim()] {
        let scene = Scene::new();
        let claims = OwnerClaims { company_id: Some(COMPANY_B.to_string()), ..a_claim() };
        scene.broker.has(BrokerConnection { claims, ..at_broker("broker-1") }, Some(an_account()));

        let adoption = scene.adopt().adopt(&ConnectionNotice { claims: told, ..a_notice("broker-1") }).await.unwrap();

        assert_eq!(adoption, Adoption::AnotherCompanys);
        assert_eq!((scene.quarantine.kept(COMPANY_A), scene.row().await), (vec![], None));
    }
}

#[tokio::test]
async fn a_connection_that_the_broker_does_not_have_is_not_believed() {
    let scene = Scene::new();

    let adoption = scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    assert_eq!((adoption, scene.row().await), (Adoption::Gone, None));
}

/// Whom the webhook names, whom the broker names, and why neither gets it.
#[rstest]
#[case::no_member(Some("0e000000-0000-4000-8000-00000000000e"), None, QuarantineReason::NotAMember)]
#[case::no_id_of_ours(Some("admin"), None, QuarantineReason::NotAMember)]
#[case::somebody_else(Some(colleague()), Some(myself()), QuarantineReason::OwnerContradicted)]
#[case::nobody_asked(Some(myself()), None, QuarantineReason::NotAskedFor)]
#[tokio::test]
async fn a_connection_that_fits_nobody_is_quarantined(
    #[case] told: Option<&str>,
    #[case] at_the_broker: Option<&str>,
    #[case] reason: QuarantineReason,
) {
    let scene = Scene::new();
    let claims = |user_id: Option<&str>| OwnerClaims { user_id: user_id.map(ToOwned::to_owned), ..a_claim() };
    let held = BrokerConnection { claims: claims(at_the_broker), ..at_broker("broker-1") };
    scene.broker.has(held, Some(an_account()));
    let notice = ConnectionNotice { claims: claims(told), ..a_notice("broker-1") };

    let adoption = scene.adopt().adopt(&notice).await.unwrap();

    assert_eq!(adoption, Adoption::Quarantined(reason));
    let kept = scene.quarantine.kept(COMPANY_A);
    assert_eq!(kept.len(), 1);
    assert_eq!((Some(kept[0].claimed_user_id.as_str()), kept[0].reason), (told, reason));
    assert_eq!((scene.row().await, scene.broker.asked()), (None, 0));
}

fn myself() -> &'static str {
    "01000000-0000-4000-8000-000000000001"
}

fn colleague() -> &'static str {
    "02000000-0000-4000-8000-000000000002"
}

#[tokio::test]
async fn an_open_session_vouches_for_what_the_broker_does_not_know() {
    let scene = Scene::new();
    scene.sessions.remember(&a_connect_session(), &Origin::default()).await.unwrap();
    let bare = BrokerConnection { claims: OwnerClaims::default(), ..at_broker("broker-1") };
    scene.broker.has(bare, Some(an_account()));

    let adoption = scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    assert_eq!(adoption, Adoption::Adopted(a_connection()));
}

/// The session that vouched for it is over by then, and the broker knows no owner still.
#[tokio::test]
async fn a_repeated_notice_leaves_the_connection_that_a_session_had_vouched_for() {
    let scene = Scene::new();
    scene.sessions.remember(&a_connect_session(), &Origin::default()).await.unwrap();
    let bare = BrokerConnection { claims: OwnerClaims::default(), ..at_broker("broker-1") };
    scene.broker.has(bare, Some(an_account()));
    scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    let again = scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    assert_eq!(again, Adoption::Adopted(a_connection()));
    assert_eq!(scene.quarantine.kept(COMPANY_A), []);
}

/// What one person's row holds vouches for nobody else.
#[tokio::test]
async fn a_colleagues_row_vouches_for_nobody() {
    let scene = Scene::with([a_connection()]);
    let bare = BrokerConnection { claims: OwnerClaims::default(), ..at_broker("broker-1") };
    scene.broker.has(bare, Some(an_account()));
    let claims = OwnerClaims { user_id: Some(colleague().to_owned()), ..a_claim() };

    let adoption = scene.adopt().adopt(&ConnectionNotice { claims, ..a_notice("broker-1") }).await.unwrap();

    assert_eq!(adoption, Adoption::Quarantined(QuarantineReason::NotAskedFor));
}

/// The session stays open until Master knows the account, so that the next try makes up for both.
#[tokio::test]
async fn a_session_is_completed_only_once_its_account_is_noted() {
    let scene = Scene::new();
    scene.sessions.remember(&a_connect_session(), &Origin::default()).await.unwrap();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    let mut originals = MockOriginalConnections::new();
    originals.expect_note().returning(|_| Err(StoreError::Unavailable("gone".into())));
    let ports = AdoptPorts { originals: Arc::new(originals), ..scene.ports() };

    let stopped = AdoptConnection::new(COMPANY_A, ports, Arc::new(|| NOON)).adopt(&a_notice("broker-1")).await;

    assert!(matches!(stopped, Err(AdoptError::Store(_))), "{stopped:?}");
    let open = scene.sessions.find_open(COMPANY_A, USER_1, Provider::Gmail, NOON).await.unwrap();
    assert_eq!(open, Some(a_connect_session()));

    scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();
    assert!(original(&scene).await.is_some());
    let state = scene.sessions.state_of(a_connect_session().id);
    assert_eq!(state, SessionState::Completed(a_connection().broker_id));
}

/// It was open when the webhook came, and the broker was away for long.
#[tokio::test]
async fn a_session_vouches_also_when_its_webhook_waited() {
    let scene = Scene::new();
    let over = crate::model::ConnectSession {
        opened_at: NOON - time::Duration::HOUR,
        expires_at: NOON - time::Duration::MINUTE,
        ..a_connect_session()
    };
    scene.sessions.remember(&over, &Origin::default()).await.unwrap();
    let bare = BrokerConnection { claims: OwnerClaims::default(), ..at_broker("broker-1") };
    scene.broker.has(bare, Some(an_account()));

    let late = scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();
    let waited = ConnectionNotice { age: LONG, ..a_notice("broker-1") };
    let waited = scene.adopt().adopt(&waited).await.unwrap();

    assert_eq!(late, Adoption::Quarantined(QuarantineReason::NotAskedFor));
    assert_eq!(waited, Adoption::Adopted(a_connection()));
}

#[tokio::test]
async fn the_same_account_again_takes_the_row_and_the_replaced_connection_is_removed() {
    let scene = Scene::new();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();
    scene.broker.has(at_broker("broker-2"), Some(account("MAILBOX@Example.com")));

    let adoption = scene.adopt().adopt(&a_notice("broker-2")).await.unwrap();

    let expected = Connection { broker_id: BrokerConnectionId::new("broker-2"), ..a_connection() };
    assert_eq!(adoption, Adoption::Adopted(expected.clone()));
    assert_eq!(scene.row().await, Some(expected));
    assert_eq!(scene.broker.deleted(), ["broker-1"]);
    assert_eq!(original(&scene).await.unwrap().reconnects, 1);
    assert_eq!(scene.connections.audited(COMPANY_A), ["connection_created", "connection_reconnected"]);
}

#[tokio::test]
async fn a_replaced_connection_that_cannot_be_removed_does_not_hold_up_the_new_one() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has(at_broker("broker-2"), Some(an_account()));
    scene.broker.refuse_deletions();

    let adoption = scene.adopt().adopt(&a_notice("broker-2")).await;

    assert!(matches!(adoption, Ok(Adoption::Adopted(_))), "{adoption:?}");
    assert_eq!(scene.connections.to_be_removed(COMPANY_A), [at_broker("broker-1").reference], "it is removed later");
}

#[tokio::test]
async fn another_account_is_refused_and_the_connected_one_goes_on() {
    let scene = Scene::with([a_connection()]);
    scene.sessions.remember(&a_connect_session(), &Origin::default()).await.unwrap();
    scene.broker.has(at_broker("broker-2"), Some(account("private@example.com")));

    let adoption = scene.adopt().adopt(&a_notice("broker-2")).await.unwrap();

    assert_eq!(adoption, Adoption::Refused(RefusalReason::AccountMismatch));
    assert_eq!(scene.row().await, Some(a_connection()));
    assert_eq!(scene.broker.deleted(), ["broker-2"]);
    let told = SessionState::Refused(RefusalReason::AccountMismatch, BrokerConnectionId::new("broker-2"));
    assert_eq!(scene.sessions.state_of(a_connect_session().id), told);
    assert_eq!(scene.sessions.audited(COMPANY_A), ["connection_initiated", "connection_failed"]);
}

#[tokio::test]
async fn a_refused_connection_of_which_the_broker_knows_no_owner_is_not_removed() {
    let scene = Scene::with([a_connection()]);
    scene.sessions.remember(&a_connect_session(), &Origin::default()).await.unwrap();
    let bare = BrokerConnection { claims: OwnerClaims::default(), ..at_broker("broker-2") };
    scene.broker.has(bare, Some(account("private@example.com")));

    let adoption = scene.adopt().adopt(&a_notice("broker-2")).await.unwrap();

    assert_eq!(adoption, Adoption::Refused(RefusalReason::AccountMismatch));
    assert_eq!((scene.row().await, scene.broker.deleted()), (Some(a_connection()), vec![]));
}

#[tokio::test]
async fn a_refused_connection_that_could_not_be_removed_is_refused_again_and_told_once() {
    let scene = Scene::with([a_connection()]);
    scene.sessions.remember(&a_connect_session(), &Origin::default()).await.unwrap();
    scene.broker.has(at_broker("broker-2"), Some(account("private@example.com")));
    scene.broker.refuse_deletions();

    for _ in 0..2 {
        let adoption = scene.adopt().adopt(&a_notice("broker-2")).await.unwrap();
        assert_eq!(adoption, Adoption::Refused(RefusalReason::AccountMismatch));
    }

    assert_eq!(scene.row().await, Some(a_connection()));
    assert_eq!(scene.sessions.audited(COMPANY_A), ["connection_initiated", "connection_failed"]);
    let left = scene.sessions.to_be_removed(COMPANY_A);
    assert_eq!(left, [at_broker("broker-2").reference], "it is removed later");
}

/// The row does not know its account; Master does.
#[tokio::test]
async fn a_connection_whose_account_was_never_read_is_held_to_the_original_one() {
    let scene = Scene::with([Connection { account: None, ..a_connection() }]);
    let owner = a_connection().owner;
    let broker_id = BrokerConnectionId::new("broker-0");
    let first = ConnectedAccount { owner, provider: Provider::Gmail, account: an_account(), broker_id, at: NOON };
    scene.originals.note(&first).await.unwrap();
    scene.broker.has(at_broker("broker-2"), Some(account("private@example.com")));

    let adoption = scene.adopt().adopt(&a_notice("broker-2")).await.unwrap();

    assert_eq!(adoption, Adoption::Refused(RefusalReason::AccountMismatch));
}

#[tokio::test]
async fn after_a_disconnect_another_account_is_possible() {
    let scene = Scene::with([a_connection()]);
    scene.connections.disconnect(a_connection().id, NOON);
    scene.broker.has(at_broker("broker-2"), Some(account("private@example.com")));

    let adoption = scene.adopt().adopt(&a_notice("broker-2")).await.unwrap();

    assert!(matches!(adoption, Adoption::Adopted(_)), "{adoption:?}");
    assert_eq!(original(&scene).await.unwrap().account, account("private@example.com"));
    assert_eq!(scene.row().await.unwrap().account, Some(account("private@example.com")));
}

#[tokio::test]
async fn a_replayed_notice_brings_no_disconnected_connection_back() {
    let scene = Scene::with([a_connection()]);
    scene.connections.disconnect(a_connection().id, NOON);
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    let adoption = scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    assert_eq!(adoption, Adoption::Ended);
    assert_eq!(scene.row().await.unwrap().status, ConnectionStatus::Disconnected);
}

#[tokio::test]
async fn somebody_elses_connection_is_not_taken_over() {
    let scene = Scene::with([a_connection()]);
    let claims = OwnerClaims { user_id: Some(USER_2.to_string()), ..a_claim() };
    scene.broker.has(BrokerConnection { claims: claims.clone(), ..at_broker("broker-1") }, Some(an_account()));

    let adoption = scene.adopt().adopt(&ConnectionNotice { claims, ..a_notice("broker-1") }).await.unwrap();

    assert_eq!(adoption, Adoption::Quarantined(QuarantineReason::TakenByAnother));
    assert_eq!(scene.row().await, Some(a_connection()));
}

#[tokio::test]
async fn a_first_connection_whose_account_stays_unreadable_is_saved_after_a_while() {
    let scene = Scene::new();
    scene.broker.has(at_broker("broker-1"), None);

    let early = scene.adopt().adopt(&a_notice("broker-1")).await;
    let late = scene.adopt().adopt(&ConnectionNotice { age: LONG, ..a_notice("broker-1") }).await.unwrap();

    assert!(matches!(early, Err(AdoptError::AccountUnreadable(_))), "{early:?}");
    let reason = Some(StatusReason::AccountUnverified);
    assert_eq!(late, Adoption::Adopted(Connection { account: None, reason, ..a_connection() }));
    assert_eq!(original(&scene).await, None);
}

#[tokio::test]
async fn a_second_connection_whose_account_is_unreadable_waits_and_the_first_goes_on() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has(at_broker("broker-2"), None);

    let adoption = scene.adopt().adopt(&ConnectionNotice { age: LONG * 100, ..a_notice("broker-2") }).await;

    assert!(matches!(adoption, Err(AdoptError::AccountUnreadable(_))), "{adoption:?}");
    assert_eq!((scene.row().await, scene.broker.deleted()), (Some(a_connection()), vec![]));
}

#[tokio::test]
async fn a_provider_is_not_asked_with_credentials_that_the_broker_knows_not_to_work() {
    let scene = Scene::new();
    scene.broker.has(BrokerConnection { is_authorized: false, ..at_broker("broker-1") }, Some(an_account()));

    let adoption = scene.adopt().adopt(&a_notice("broker-1")).await;

    assert!(matches!(adoption, Err(AdoptError::AccountUnreadable(_))), "{adoption:?}");
    assert_eq!(scene.broker.asked(), 0);
}

#[tokio::test]
async fn a_broker_that_is_away_leaves_everything_as_it_is() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has(at_broker("broker-2"), Some(an_account()));
    scene.broker.fail(Some(away));

    let adoption = scene.adopt().adopt(&a_notice("broker-2")).await;

    assert!(matches!(adoption, Err(AdoptError::Broker(BrokerError::Unavailable(_)))), "{adoption:?}");
    assert_eq!(scene.row().await, Some(a_connection()));
}

#[tokio::test]
async fn without_master_nobody_is_a_member() {
    let scene = Scene::new();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    let mut members = MockMembers::new();
    members.expect_find_active().returning(|_, _| Err(StoreError::Unavailable("gone".into())));

    let adoption = scene.adopt_asking(Arc::new(members)).adopt(&a_notice("broker-1")).await;

    assert!(matches!(adoption, Err(AdoptError::Store(_))), "{adoption:?}");
    assert_eq!(scene.row().await, None);
}

/// We stopped between the save and what follows it: the notice comes again and finds the row.
#[tokio::test]
async fn what_follows_a_save_is_made_up_for() {
    let scene = Scene::new();
    scene.connections.save_connection(&a_save()).await.unwrap();
    scene.sessions.remember(&a_connect_session(), &Origin::default()).await.unwrap();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    let adoption = scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    assert_eq!(adoption, Adoption::Adopted(a_connection()));
    assert!(original(&scene).await.is_some());
    let state = scene.sessions.state_of(a_connect_session().id);
    assert_eq!(state, SessionState::Completed(a_connection().broker_id));
    assert_eq!(scene.connections.audited(COMPANY_A), ["connection_created"]);
}

/// Nango's own session for reconnects writes over the credentials of a connection, by whatever account.
#[tokio::test]
async fn a_connection_that_another_account_was_written_over_has_to_be_connected_again() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has(at_broker("broker-1"), Some(account("private@example.com")));

    let adoption = scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    let reason = StatusReason::AccountMismatch;
    assert!(matches!(adoption, Adoption::Lost(_, found) if found == reason), "{adoption:?}");
    let row = scene.row().await.unwrap();
    assert_eq!((row.status, row.reason), (ConnectionStatus::NeedsReauthorization, Some(reason)));
    assert_eq!(row.account, a_connection().account, "it is the one to connect again");
}

#[tokio::test]
async fn a_lost_connection_that_the_same_account_was_written_over_is_well_again() {
    let reason = Some(StatusReason::CredentialsRefused);
    let scene = Scene::with([Connection { status: ConnectionStatus::NeedsReauthorization, reason, ..a_connection() }]);
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    assert_eq!(scene.row().await, Some(a_connection()));
}

/// The provider is away: what was written over, and by whom, is found out later.
#[tokio::test]
async fn a_known_connection_whose_account_cannot_be_read_is_looked_at_later() {
    let scene = Scene::with([a_connection()]);
    scene.broker.has(at_broker("broker-1"), None);

    let adoption = scene.adopt().adopt(&a_notice("broker-1")).await;

    assert!(matches!(adoption, Err(AdoptError::AccountUnreadable(_))), "{adoption:?}");
    assert_eq!(scene.row().await, Some(a_connection()));
}

/// He is about to connect again, and Nango repeats what it told of the connection that he has.
#[tokio::test]
async fn a_repeated_notice_ends_no_session_and_has_nothing_read() {
    let scene = Scene::with([a_connection()]);
    scene.sessions.remember(&a_connect_session(), &Origin::default()).await.unwrap();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    assert_eq!(scene.sessions.state_of(a_connect_session().id), SessionState::Open);
    assert_eq!(scene.reading.asked(), []);
}

/// It waited for its account to be readable; he gave up and disconnected meanwhile.
#[rstest]
#[case::readable(Some(an_account()))]
#[case::unreadable(None)]
#[tokio::test]
async fn a_connect_from_before_the_disconnect_is_of_no_use_any_more(#[case] at_provider: Option<ProviderAccount>) {
    let scene = Scene::with([a_connection()]);
    scene.broker.has(at_broker("broker-2"), at_provider);
    scene.connections.disconnect(a_connection().id, NOON - time::Duration::MINUTE);

    let adoption = scene.adopt().adopt(&ConnectionNotice { age: LONG, ..a_notice("broker-2") }).await.unwrap();

    assert_eq!(adoption, Adoption::Ended);
    assert_eq!(scene.row().await.unwrap().status, ConnectionStatus::Disconnected);
    assert_eq!(scene.broker.deleted(), ["broker-2"]);
}

/// Another account was connected while the provider was away; the one from before the disconnect says nothing of it.
#[tokio::test]
async fn the_original_from_before_a_disconnect_holds_nobody() {
    let scene = Scene::with([Connection { account: None, ..a_connection() }]);
    let before = ConnectedAccount {
        owner: a_connection().owner,
        provider: Provider::Gmail,
        account: an_account(),
        broker_id: BrokerConnectionId::new("broker-0"),
        at: NOON - time::Duration::DAY,
    };
    scene.originals.note(&before).await.unwrap();
    scene.broker.has(at_broker("broker-2"), Some(account("private@example.com")));

    let adoption = scene.adopt().adopt(&a_notice("broker-2")).await.unwrap();

    assert!(matches!(adoption, Adoption::Adopted(_)), "{adoption:?}");
}

#[tokio::test]
async fn what_is_connected_is_read_if_that_was_ever_wanted_and_once() {
    let scene = Scene::new();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    for _ in 0..2 {
        scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();
    }

    assert_eq!(scene.reading.asked(), [("broker-1".to_owned(), ReadCause::Connected)]);
}

#[tokio::test]
async fn a_save_is_found_by_the_documented_search() {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let scene = Scene::new();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    scene.adopt().adopt(&a_notice("broker-1")).await.unwrap();

    let success = log.lines_with(&["[SAVE_CONNECTION]", "✅", "SUCCESS"]);
    let [line] = success.as_slice() else { panic!("{}", log.text()) };
    for id in ["broker-1", "gmail", "request-1", &USER_1.to_string(), &COMPANY_A.to_string()] {
        assert!(line.contains(id), "{line}");
    }
    assert!(log.lines_with(&["❌"]).is_empty(), "{}", log.text());
}
