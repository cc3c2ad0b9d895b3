//! [`StartConnect`] with a mocked broker and stores in memory.

use cortex_kernel::{BrokerConnectionId, Origin, RandomIds};

use super::*;
use crate::log::{Captured, listen_from_the_beginning};
use crate::model::{Connection, ConnectionStatus};
use crate::ports::MockConnectionBroker;
use crate::testing::{
    InMemoryConnectSessionStore, InMemoryConnectionStore, InMemoryOriginalConnections, NOON, USER_2,
    a_connected_account, a_connection, a_link, an_owner,
};

const GMAIL: Provider = Provider::Gmail;

/// What a test looks at after the use case ran.
struct Scene {
    start: StartConnect,
    originals: Arc<InMemoryOriginalConnections>,
    sessions: Arc<InMemoryConnectSessionStore>,
}

fn scene(broker: MockConnectionBroker, connections: impl IntoIterator<Item = Connection>) -> Scene {
    listen_from_the_beginning();
    let originals = Arc::new(InMemoryOriginalConnections::default());
    let sessions = Arc::new(InMemoryConnectSessionStore::default());
    let start = StartConnect::new(
        BTreeSet::from([GMAIL]),
        Arc::new(broker),
        Arc::new(InMemoryConnectionStore::with(connections)),
        originals.clone(),
        sessions.clone(),
        Arc::new(|| NOON),
        Arc::new(RandomIds),
    );
    Scene { start, originals, sessions }
}

fn willing_broker() -> MockConnectionBroker {
    let mut broker = MockConnectionBroker::new();
    broker.expect_open_connect_session().returning(|_| Ok(a_link()));
    broker
}

fn failing_broker(error: fn() -> BrokerError) -> MockConnectionBroker {
    let mut broker = MockConnectionBroker::new();
    broker.expect_open_connect_session().returning(move |_| Err(error()));
    broker
}

#[tokio::test]
async fn the_user_is_the_end_user_and_the_company_the_organization() {
    let mut broker = MockConnectionBroker::new();
    broker
        .expect_open_connect_session()
        .withf(|asked| *asked == OpenConnectSession { owner: an_owner(), provider: GMAIL })
        .once()
        .returning(|_| Ok(a_link()));

    let started =
        scene(broker, []).start.start(an_owner(), GMAIL, ConnectPurpose::Connect, &Origin::default()).await.unwrap();

    assert_eq!(started, StartedConnect { link: a_link(), original_email: None });
}

#[tokio::test]
async fn the_session_is_remembered_with_its_purpose() {
    let scene = scene(willing_broker(), [a_connection()]);

    scene.start.start(an_owner(), GMAIL, ConnectPurpose::Reconnect, &Origin::default()).await.unwrap();

    let owner = an_owner();
    let session = scene.sessions.find_open(owner.company_id, owner.user_id, GMAIL, NOON).await.unwrap().unwrap();
    assert_eq!(session.purpose, ConnectPurpose::Reconnect);
    assert_eq!(session.token_hash, TokenHash::of(&a_link().token));
    assert_eq!((session.owner, session.opened_at, session.expires_at), (owner, NOON, a_link().expires_at));
}

/// `MockConnectionBroker` without expectations panics when it is asked anything.
#[tokio::test]
async fn a_provider_that_is_switched_off_is_refused_before_the_broker_is_asked() {
    let scene = scene(MockConnectionBroker::new(), []);

    let started =
        scene.start.start(an_owner(), Provider::QuickBooks, ConnectPurpose::Connect, &Origin::default()).await;

    assert!(matches!(started, Err(StartConnectError::ProviderNotConfigured(Provider::QuickBooks))), "{started:?}");
}

#[tokio::test]
async fn a_reconnect_names_the_account_that_is_connected() {
    let scene = scene(willing_broker(), [a_connection()]);

    let started = scene.start.start(an_owner(), GMAIL, ConnectPurpose::Reconnect, &Origin::default()).await.unwrap();

    assert_eq!(started.original_email, a_connection().account.unwrap().email);
}

/// Old rows do not know their account; Master does, and holds him to it.
#[tokio::test]
async fn a_reconnect_names_the_account_that_only_master_knows() {
    let scene = scene(willing_broker(), [Connection { account: None, ..a_connection() }]);
    scene.originals.note(&a_connected_account()).await.unwrap();

    let started = scene.start.start(an_owner(), GMAIL, ConnectPurpose::Reconnect, &Origin::default()).await.unwrap();

    assert_eq!(started.original_email, a_connected_account().account.email);
}

#[tokio::test]
async fn a_connection_that_needs_re_authorization_can_be_reconnected() {
    let row = Connection { status: ConnectionStatus::NeedsReauthorization, ..a_connection() };

    let started = scene(willing_broker(), [row])
        .start
        .start(an_owner(), GMAIL, ConnectPurpose::Reconnect, &Origin::default())
        .await;

    assert!(started.is_ok(), "{started:?}");
}

#[tokio::test]
async fn there_is_nothing_to_reconnect_without_a_connection_of_ones_own() {
    let ended = Connection { status: ConnectionStatus::Disconnected, ..a_connection() };
    let colleagues = Connection {
        owner: Owner { user_id: USER_2, ..an_owner() },
        broker_id: BrokerConnectionId::new("colleague"),
        ..a_connection()
    };
    for rows in [vec![], vec![ended], vec![colleagues]] {
        let scene = scene(MockConnectionBroker::new(), rows);

        let started = scene.start.start(an_owner(), GMAIL, ConnectPurpose::Reconnect, &Origin::default()).await;

        assert!(matches!(started, Err(StartConnectError::NotConnected(GMAIL))), "{started:?}");
    }
}

#[tokio::test]
async fn a_session_that_was_not_opened_is_not_remembered() {
    let scene = scene(failing_broker(|| BrokerError::Unavailable("gone".into())), []);

    let started = scene.start.start(an_owner(), GMAIL, ConnectPurpose::Connect, &Origin::default()).await;

    assert!(matches!(started, Err(StartConnectError::Broker(BrokerError::Unavailable(_)))), "{started:?}");
    assert_eq!(scene.sessions.count(), 0);
}

#[tokio::test]
async fn success_is_found_by_the_documented_search_and_tells_no_secret() {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());

    scene(willing_broker(), [])
        .start
        .start(an_owner(), GMAIL, ConnectPurpose::Connect, &Origin::default())
        .await
        .unwrap();

    let text = log.text();
    let line = text.lines().find(|line| line.contains("[OAUTH_START] SUCCESS")).expect("a line of success");
    assert!(line.contains('✅') && !text.contains('❌'), "{text}");
    assert!(line.contains(&an_owner().user_id.to_string()), "{line}");
    assert!(line.contains(&an_owner().company_id.to_string()), "{line}");
    assert!(!text.contains(&a_link().token) && !text.contains(&a_link().url), "{text}");
}

#[tokio::test]
async fn failure_is_logged_with_what_led_to_it() {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());

    let scene = scene(failing_broker(|| BrokerError::BadAnswer("status 200 with a page".into())), []);
    scene.start.start(an_owner(), GMAIL, ConnectPurpose::Connect, &Origin::default()).await.unwrap_err();

    let text = log.text();
    let line = text.lines().find(|line| line.contains("❌ [OAUTH_START]")).expect("a line of failure");
    assert!(line.contains("status 200 with a page"), "{line}");
    assert!(!text.contains("SUCCESS"), "{text}");
}
