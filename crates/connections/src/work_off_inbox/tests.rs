//! [`WorkOffInbox`] with an inbox and all stores in memory, from the bytes on.

use rstest::rstest;

use super::*;
use crate::log::Captured;
use crate::model::{BrokerConnection, ConnectionStatus, OwnerClaims, StatusReason};
use crate::ports::MockMembers;
use crate::scene::{Scene, account, at_broker, away};
use crate::testing::{COMPANY_A, COMPANY_B, NOON, StoredWebhook, USER_1, a_claim, a_connection, an_account};

/// The webhook of [`USER_1`]'s connection `broker-1` has come.
async fn scene(event: WebhookEvent) -> Scene {
    let scene = Scene::new();
    received(&scene, "broker-1", event, a_claim()).await;
    scene
}

async fn received(scene: &Scene, id: &str, event: WebhookEvent, claims: OwnerClaims) {
    let BrokerConnection { reference, .. } = at_broker(id);
    scene.reader.knows(id.as_bytes(), Webhook { event, connection: Some(reference), claims });
    scene.receive().receive(id.as_bytes(), Some("signed"), Some("request-1")).await.unwrap();
}

/// Where the last webhook stands.
fn stands(scene: &Scene) -> (String, i32, String) {
    let StoredWebhook { state, attempts, last_error } = scene.inbox.stored(COMPANY_A).pop().expect("a webhook");
    (state, attempts, last_error.unwrap_or_default())
}

#[tokio::test]
async fn without_webhooks_a_tick_is_idle() {
    assert_eq!(Scene::new().work().tick().await.unwrap(), Tick::Idle);
}

#[tokio::test]
async fn a_webhook_leads_to_a_saved_connection_and_is_done() {
    let scene = scene(WebhookEvent::Connected).await;
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    assert_eq!(scene.work().tick().await.unwrap(), Tick::Worked);

    assert_eq!(scene.row().await, Some(a_connection()));
    assert_eq!(stands(&scene), ("done".to_owned(), 1, String::new()));
    assert_eq!(scene.work().tick().await.unwrap(), Tick::Idle);
}

#[tokio::test]
async fn an_equal_webhook_later_finds_everything_done() {
    let scene = scene(WebhookEvent::Connected).await;
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene.work().tick().await.unwrap();

    received(&scene, "broker-1", WebhookEvent::Connected, a_claim()).await;
    scene.work().tick().await.unwrap();

    assert_eq!(stands(&scene).0, "done");
    assert_eq!(scene.connections.audited(COMPANY_A), ["connection_created"]);
}

/// What fails on the way, and what of it is written down.
#[rstest]
#[case::away(away, 0, "connection refused")]
#[case::our_key(|| BrokerError::Unauthorised("is the key right".into()), 0, "is the key right")]
#[case::throttled(|| BrokerError::Throttled { retry_after: Some(Duration::from_secs(2)) }, 0, "asks us to wait")]
#[case::nonsense(|| BrokerError::BadAnswer("a page".into()), 1, "a page")]
#[tokio::test]
async fn a_webhook_outlives_a_broker_that_fails(
    #[case] failure: fn() -> BrokerError,
    #[case] attempts: i32,
    #[case] told: &str,
) {
    let scene = scene(WebhookEvent::Connected).await;
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene.broker.fail(Some(failure));
    scene.work().tick().await.unwrap();

    let (state, used, error) = stands(&scene);
    assert_eq!((state.as_str(), used), ("pending", attempts));
    assert!(error.contains(told), "{error}");
    assert_eq!(scene.work().tick().await.unwrap(), Tick::Idle);

    scene.broker.fail(None);
    scene.inbox.pass(SHORTEST_PAUSE);
    scene.work().tick().await.unwrap();
    assert_eq!(scene.row().await, Some(a_connection()));
}

#[tokio::test]
async fn a_broker_that_is_away_for_a_day_uses_up_no_attempts() {
    let scene = scene(WebhookEvent::Connected).await;
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene.broker.fail(Some(away));
    for _ in 0..2 * MOST_ATTEMPTS {
        scene.work().tick().await.unwrap();
        scene.inbox.pass(Duration::from_hours(1));
    }
    scene.broker.fail(None);

    scene.work().tick().await.unwrap();

    assert_eq!(stands(&scene).0, "done");
}

#[tokio::test]
async fn a_webhook_that_fails_again_and_again_is_given_up_and_keeps_its_error() {
    let scene = scene(WebhookEvent::Connected).await;
    scene.broker.fail(Some(|| BrokerError::BadAnswer("a page".into())));
    let mut ticks = 0;
    while stands(&scene).0 == "pending" {
        scene.work().tick().await.unwrap();
        scene.inbox.pass(LONGEST_PAUSE);
        ticks += 1;
    }

    assert_eq!(ticks, MOST_ATTEMPTS);
    let (state, _, error) = stands(&scene);
    assert_eq!(state, "dead");
    assert!(error.contains("a page"), "{error}");
}

#[tokio::test]
async fn a_webhook_whose_workers_all_die_is_given_up() {
    let scene = scene(WebhookEvent::Connected).await;
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    for _ in 0..MOST_ATTEMPTS {
        assert!(scene.inbox.claim_next(COMPANY_A, SHORTEST_HOLD).await.unwrap().is_some());
        scene.inbox.pass(SHORTEST_HOLD);
    }

    scene.work().tick().await.unwrap();

    assert_eq!((stands(&scene).0.as_str(), scene.row().await), ("dead", None));
}

#[tokio::test]
async fn a_database_that_is_away_is_waited_for() {
    let scene = scene(WebhookEvent::Connected).await;
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    let mut members = MockMembers::new();
    members.expect_find_active().returning(|_, _| Err(StoreError::Unavailable("shutting down".into())));

    scene.work_with(scene.adopt_asking(Arc::new(members))).tick().await.unwrap();

    let (state, attempts, error) = stands(&scene);
    assert_eq!((state.as_str(), attempts), ("pending", 0));
    assert!(error.contains("shutting down"), "{error}");
}

/// The broker tells of a connection a moment before it shows it.
#[tokio::test]
async fn a_connection_that_the_broker_does_not_show_yet_is_waited_for() {
    let scene = scene(WebhookEvent::Connected).await;
    scene.work().tick().await.unwrap();
    let (state, attempts, told) = stands(&scene);
    assert_eq!((state.as_str(), attempts, told.as_str()), ("pending", 0, NOT_THERE));

    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene.inbox.pass(SHORTEST_PAUSE);
    scene.work().tick().await.unwrap();

    assert_eq!((stands(&scene).0.as_str(), scene.row().await), ("done", Some(a_connection())));
}

#[tokio::test]
async fn a_connection_that_the_broker_never_shows_is_ignored_after_ten_minutes() {
    let scene = scene(WebhookEvent::Connected).await;
    let mut waited = Duration::ZERO;
    while waited < APPEARANCE_PATIENCE {
        scene.work().tick().await.unwrap();
        assert_eq!(stands(&scene).0, "pending");
        scene.inbox.pass(LONGEST_SNOOZE);
        waited += LONGEST_SNOOZE;
    }

    scene.work().tick().await.unwrap();

    let (state, _, note) = stands(&scene);
    assert_eq!((state.as_str(), note.as_str()), ("ignored", NOT_THERE));
}

/// Not a try is counted, and after ten minutes the connection is used without knowing whose account it is.
#[tokio::test]
async fn an_account_that_cannot_be_read_is_asked_for_ten_minutes() {
    let scene = scene(WebhookEvent::Connected).await;
    scene.broker.has(at_broker("broker-1"), None);
    for _ in 0..10 {
        scene.work().tick().await.unwrap();
        assert_eq!((stands(&scene).0.as_str(), scene.row().await), ("pending", None));
        scene.inbox.pass(Duration::from_mins(1));
    }

    scene.work().tick().await.unwrap();

    assert_eq!(scene.row().await.unwrap().reason, Some(StatusReason::AccountUnverified));
    assert_eq!(stands(&scene).0, "done");
}

#[tokio::test]
async fn without_a_user_the_webhook_is_dead_and_the_log_names_the_field() {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let scene = Scene::new();
    let claims = OwnerClaims { user_id: None, ..a_claim() };
    received(&scene, "broker-1", WebhookEvent::Connected, claims.clone()).await;
    scene.broker.has(BrokerConnection { claims, ..at_broker("broker-1") }, Some(an_account()));

    scene.work().tick().await.unwrap();

    assert_eq!((stands(&scene).0.as_str(), scene.row().await), ("dead", None));
    let failures = log.lines_with(&["❌ [WEBHOOK_AUTH]", "broker-1", "request-1", "end_user_id is missing"]);
    assert_eq!(failures.len(), 1, "{}", log.text());
}

#[tokio::test]
async fn a_webhook_that_turns_out_to_be_another_companys_leaves_nothing_behind() {
    let scene = Scene::new();
    received(&scene, "broker-1", WebhookEvent::Connected, OwnerClaims::default()).await;
    let claims = OwnerClaims { company_id: Some(COMPANY_B.to_string()), ..a_claim() };
    scene.broker.has(BrokerConnection { claims, ..at_broker("broker-1") }, Some(an_account()));

    scene.work().tick().await.unwrap();

    assert_eq!(scene.inbox.stored(COMPANY_A), []);
}

/// It carries the id of the connection that lives.
#[tokio::test]
async fn a_connect_that_failed_changes_nothing() {
    let scene = Scene::with([a_connection()]);
    received(&scene, "broker-1", WebhookEvent::ConnectFailed, OwnerClaims::default()).await;
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    scene.work().tick().await.unwrap();

    assert_eq!(stands(&scene).0, "done");
    assert_eq!(scene.row().await.unwrap().status, ConnectionStatus::Active);
    assert_eq!(scene.broker.deleted(), [""; 0]);
}

#[tokio::test]
async fn what_nothing_follows_from_is_ignored_with_a_note() {
    let scene = scene(WebhookEvent::Unknown).await;

    scene.work().tick().await.unwrap();

    let (state, _, note) = stands(&scene);
    assert_eq!((state.as_str(), note.as_str()), ("ignored", "its kind is not known"));

    let scene = Scene::new();
    scene.receive().receive(b"not even JSON", Some("signed"), None).await.unwrap();
    scene.work().tick().await.unwrap();
    assert_eq!(stands(&scene).0, "ignored");
}

/// A webhook about [`a_connection`] has come, which the broker has with credentials that work, or that do not.
async fn told_of_mine(event: WebhookEvent, is_authorized: bool) -> Scene {
    let scene = Scene::with([a_connection()]);
    received(&scene, "broker-1", event, OwnerClaims::default()).await;
    scene.broker.has(BrokerConnection { is_authorized, ..at_broker("broker-1") }, Some(an_account()));
    scene
}

/// What the webhook says, what the broker says, and what comes of it.
#[rstest]
#[case::refresh(WebhookEvent::RefreshFailed, false, Some(StatusReason::CredentialsRefused))]
#[case::fetch(WebhookEvent::FetchFailed, false, Some(StatusReason::CredentialsRefused))]
#[case::fetched(WebhookEvent::Fetched, false, Some(StatusReason::CredentialsRefused))]
#[case::refresh_and_healthy(WebhookEvent::RefreshFailed, true, None)]
#[case::fetch_and_healthy(WebhookEvent::FetchFailed, true, Some(StatusReason::FetchFailed))]
#[case::fetched_and_healthy(WebhookEvent::Fetched, true, None)]
#[tokio::test]
async fn a_connection_stands_as_the_broker_reads_it_whatever_the_webhook_says(
    #[case] event: WebhookEvent,
    #[case] is_authorized: bool,
    #[case] reason: Option<StatusReason>,
) {
    let scene = told_of_mine(event, is_authorized).await;
    scene.reading.begin();

    scene.work().tick().await.unwrap();

    let row = scene.row().await.unwrap();
    assert_eq!((row.status == ConnectionStatus::Active, row.reason), (is_authorized, reason));
    assert_eq!(stands(&scene).0, "done");
}

#[tokio::test]
async fn what_was_fetched_is_read_once_somebody_began() {
    let scene = told_of_mine(WebhookEvent::Fetched, true).await;
    scene.work().tick().await.unwrap();
    let (state, _, note) = stands(&scene);
    assert!(state == "ignored" && note.contains("the hint is kept"), "{state} {note}");

    scene.reading.begin();
    received(&scene, "broker-1", WebhookEvent::Fetched, OwnerClaims::default()).await;
    scene.work().tick().await.unwrap();

    assert_eq!(stands(&scene).0, "done");
    assert_eq!(scene.reading.asked(), vec![("broker-1".to_owned(), ReadCause::Fetched); 2]);
}

#[tokio::test]
async fn a_fetch_that_succeeds_ends_what_was_told_of_one_that_failed() {
    let scene = told_of_mine(WebhookEvent::FetchFailed, true).await;
    scene.work().tick().await.unwrap();
    assert_eq!(scene.row().await.unwrap().reason, Some(StatusReason::FetchFailed));

    received(&scene, "broker-1", WebhookEvent::Fetched, OwnerClaims::default()).await;
    scene.work().tick().await.unwrap();

    assert_eq!(scene.row().await.unwrap().reason, None);
}

#[tokio::test]
async fn nothing_is_read_for_who_is_no_member_any_more() {
    let scene = told_of_mine(WebhookEvent::Fetched, true).await;
    scene.reading.begin();
    let mut members = MockMembers::new();
    members.expect_find_active().returning(|_, _| Ok(None));

    scene.work_asking(scene.adopt(), Arc::new(members)).tick().await.unwrap();

    let (state, _, note) = stands(&scene);
    assert_eq!((state.as_str(), note.as_str()), ("ignored", "its owner is no active member"));
    assert_eq!(scene.reading.asked(), []);
}

/// The webhook of a sync may overtake that of its connection.
#[tokio::test]
async fn a_connection_that_we_do_not_know_yet_is_waited_for_ten_minutes() {
    let scene = Scene::new();
    received(&scene, "broker-1", WebhookEvent::Fetched, OwnerClaims::default()).await;
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    let mut waited = Duration::ZERO;
    while waited < APPEARANCE_PATIENCE {
        scene.work().tick().await.unwrap();
        let (state, attempts, told) = stands(&scene);
        assert_eq!((state.as_str(), attempts, told.as_str()), ("pending", 0, NOT_OURS));
        scene.inbox.pass(LONGEST_SNOOZE);
        waited += LONGEST_SNOOZE;
    }

    scene.work().tick().await.unwrap();

    let (state, _, note) = stands(&scene);
    assert_eq!((state.as_str(), note.as_str()), ("ignored", NOT_OURS));
}

#[tokio::test]
async fn a_connection_that_its_owner_ended_is_not_looked_after() {
    let scene = told_of_mine(WebhookEvent::RefreshFailed, false).await;
    scene.connections.disconnect(a_connection().id, NOON);

    scene.work().tick().await.unwrap();

    assert_eq!(stands(&scene).0, "ignored");
    assert_eq!(scene.row().await.unwrap().status, ConnectionStatus::Disconnected);
}

#[rstest]
#[case(WebhookEvent::Fetched)]
#[case(WebhookEvent::RefreshFailed)]
#[tokio::test]
async fn a_hint_about_another_companys_connection_leaves_nothing_behind(#[case] event: WebhookEvent) {
    let scene = Scene::new();
    received(&scene, "broker-1", event, OwnerClaims::default()).await;
    let claims = OwnerClaims { company_id: Some(COMPANY_B.to_string()), ..a_claim() };
    scene.broker.has(BrokerConnection { claims, ..at_broker("broker-1") }, Some(an_account()));

    scene.work().tick().await.unwrap();

    assert_eq!(scene.inbox.stored(COMPANY_A), []);
}

/// Every line of every way through says what it is about.
#[rstest]
#[case(WebhookEvent::Connected)]
#[case(WebhookEvent::ConnectFailed)]
#[case(WebhookEvent::RefreshFailed)]
#[case(WebhookEvent::Fetched)]
#[case(WebhookEvent::FetchFailed)]
#[tokio::test]
async fn every_tagged_line_tells_the_request_and_all_ids(#[case] event: WebhookEvent) {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let scene = Scene::with([a_connection()]);
    scene.reading.begin();
    scene.broker.has(at_broker("broker-1"), Some(an_account()));
    scene.broker.has(at_broker("broker-2"), Some(an_account()));
    received(&scene, "broker-1", event, a_claim()).await;
    scene.work().tick().await.unwrap();
    received(&scene, "broker-2", WebhookEvent::Connected, a_claim()).await;
    scene.work().tick().await.unwrap();

    let text = log.text();
    let tagged: Vec<_> =
        text.lines().filter(|line| line.contains("[WEBHOOK_AUTH]") || line.contains("[SAVE_")).collect();
    assert!(tagged.len() > 5, "{text}");
    for line in tagged {
        for told in ["provider gmail", "connection broker-", "request request-1"] {
            assert!(line.contains(told), "{told} is missing: {line}");
        }
        assert!(line.contains(&format!("user {USER_1}, company {COMPANY_A}")), "{line}");
    }
}

#[tokio::test]
async fn success_is_found_by_the_documented_searches() {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let scene = scene(WebhookEvent::Connected).await;
    scene.broker.has(at_broker("broker-1"), Some(an_account()));

    scene.work().tick().await.unwrap();

    let text = log.text();
    let successes: Vec<_> = text.lines().filter(|line| is_success(line, "[WEBHOOK_AUTH]")).collect();
    let [line] = successes.as_slice() else { panic!("{text}") };
    for id in ["broker-1", "request-1", "gmail", "✅", &USER_1.to_string(), &COMPANY_A.to_string()] {
        assert!(line.contains(id), "{line}");
    }
    assert!(text.lines().any(|line| is_success(line, "[SAVE_CONNECTION]")), "{text}");
    assert!(!text.contains('❌') && !text.contains("example.com"), "{text}");
}

#[tokio::test]
async fn a_refusal_is_no_success() {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let scene = Scene::with([a_connection()]);
    received(&scene, "broker-2", WebhookEvent::Connected, a_claim()).await;
    scene.broker.has(at_broker("broker-2"), Some(account("private@example.com")));

    scene.work().tick().await.unwrap();

    assert_eq!(stands(&scene).0, "done");
    assert_eq!(log.lines_with(&["❌ [WEBHOOK_AUTH]", "broker-2", "account_mismatch"]).len(), 1, "{}", log.text());
    assert!(!log.text().contains("SUCCESS"), "{}", log.text());
}

/// `\[TAG\].*SUCCESS`
fn is_success(line: &str, tag: &str) -> bool {
    line.split_once(tag).is_some_and(|(_, rest)| rest.contains("SUCCESS"))
}
