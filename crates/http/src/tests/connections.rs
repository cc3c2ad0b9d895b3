//! Connecting accounts, and what the broker tells of it.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use cortex_connections::model::{
    Connection, ConnectionStatus, NewWebhook, Owner, PutOutcome, RefusalReason, StatusReason,
};
use cortex_connections::ports::{
    BrokerError, MockConnectSessionEndings, MockConnectionBroker, MockWebhookInbox, OpenConnectSession,
};
use cortex_connections::testing::{
    COMPANY_A, InMemoryConnectionStore, InMemoryWebhookInbox, NOON, a_connection, a_link, an_owner,
};
use cortex_identity::model::Role;
use cortex_ingestion::model::ReadingState;
use cortex_ingestion::testing::reading_states::InMemoryReadingStates;
use cortex_kernel::{ConnectionId, Provider, StoreError};
use rstest::rstest;
use serde_json::{Value, json};

use super::stage::{SIGNATURE, answer, as_role, call, member, receive_webhook, services, start_connect};
use super::{MADE_ID, header, problem_of};
use crate::problem::ProblemKind;
use crate::{MAX_BODY_BYTES, Services};

fn owner() -> Owner {
    Owner { user_id: member(Role::User), ..an_owner() }
}

fn connections() -> InMemoryConnectionStore {
    let gmail = Connection { owner: owner(), ..a_connection() };
    let outlook = Connection {
        id: ConnectionId::new(2),
        provider: Provider::Outlook,
        status: ConnectionStatus::NeedsReauthorization,
        reason: Some(StatusReason::CredentialsRefused),
        account: None,
        ..gmail.clone()
    };
    let drive = Connection {
        id: ConnectionId::new(3),
        provider: Provider::GoogleDrive,
        status: ConnectionStatus::Disconnected,
        ..gmail.clone()
    };
    let colleagues =
        Connection { id: ConnectionId::new(4), owner: an_owner(), provider: Provider::QuickBooks, ..gmail.clone() };
    InMemoryConnectionStore::with([gmail, outlook, drive, colleagues])
}

/// A broker that opens a session for the member with the role user, and no other.
fn opening(provider: Provider) -> MockConnectionBroker {
    let expected = OpenConnectSession { owner: owner(), provider };
    let mut broker = MockConnectionBroker::new();
    broker.expect_open_connect_session().withf(move |request| *request == expected).once().returning(|_| Ok(a_link()));
    broker
}

fn failing(error: fn() -> BrokerError) -> Services {
    let mut broker = MockConnectionBroker::new();
    broker.expect_open_connect_session().returning(move |_| Err(error()));
    Services { start_connect: start_connect(broker, connections()), ..services() }
}

#[rstest]
#[case::canonical(TestRequest::get().uri("/api/v1/oauth/connect/start?provider=gmail"))]
#[case::by_post(TestRequest::post().uri("/api/v1/oauth/connect/start?provider=gmail"))]
#[case::at_the_older_address(TestRequest::get().uri("/connect/start?provider=google-mail"))]
#[actix_web::test]
async fn a_member_is_sent_to_the_broker(#[case] request: TestRequest) {
    let start_connect = start_connect(opening(Provider::Gmail), connections());

    let answered = answer(Services { start_connect, ..services() }, as_role(Role::User, request)).await;

    let expected = json!({
        "auth_url": a_link().url,
        "connect_session_token": a_link().token,
        "expires_at": "2026-03-02T12:30:00Z",
        "provider": "gmail",
        "user_id": member(Role::User).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!(answered, (200, expected));
}

#[rstest]
#[case::known_account("gmail", Provider::Gmail, json!("mailbox@example.com"), "mailbox@example.com")]
#[case::unknown_account("outlook", Provider::Outlook, Value::Null, "the same account")]
#[actix_web::test]
async fn who_reconnects_is_told_which_account_to_take(
    #[case] name: &str,
    #[case] provider: Provider,
    #[case] original_email: Value,
    #[case] said: &str,
) {
    let start_connect = start_connect(opening(provider), connections());
    let request = TestRequest::post().uri(&format!("/connect/reconnect?provider={name}"));

    let (status, body) = answer(Services { start_connect, ..services() }, as_role(Role::User, request)).await;

    assert_eq!((status, &body["provider"], &body["original_email"]), (200, &json!(name), &original_email));
    assert_eq!(body["auth_url"], a_link().url);
    assert!(body["message"].as_str().unwrap().contains(said), "{body}");
}

#[rstest]
#[case::unknown("start", "myspace", ProblemKind::UnsupportedProvider)]
#[case::empty("start", "", ProblemKind::UnsupportedProvider)]
#[case::switched_off("start", "quickbooks", ProblemKind::ProviderNotConfigured)]
#[case::never_connected("reconnect", "drive", ProblemKind::NotConnected)]
#[case::broker_away("start", "gmail", ProblemKind::NangoUnavailable)]
#[actix_web::test]
async fn a_connect_that_cannot_be_says_why(#[case] what: &str, #[case] provider: &str, #[case] kind: ProblemKind) {
    let request = TestRequest::post().uri(&format!("/api/v1/oauth/connect/{what}?provider={provider}"));

    problem_of(call(services(), as_role(Role::User, request)).await, kind).await;
}

#[actix_web::test]
async fn a_connect_without_a_provider_is_refused() {
    let request = as_role(Role::User, TestRequest::get().uri("/connect/start"));

    problem_of(call(services(), request).await, ProblemKind::InvalidQuery).await;
}

#[rstest]
#[case::our_key(|| BrokerError::Unauthorised("hush".into()), ProblemKind::NangoUnavailable, Some("5"))]
#[case::throttled(
    || BrokerError::Throttled { retry_after: Some(Duration::from_secs(17)) },
    ProblemKind::NangoUnavailable,
    Some("17")
)]
#[case::nonsense(|| BrokerError::BadAnswer("hush".into()), ProblemKind::NangoBadAnswer, None)]
#[actix_web::test]
async fn what_is_wrong_with_the_broker_is_told_apart(
    #[case] error: fn() -> BrokerError,
    #[case] kind: ProblemKind,
    #[case] retry_after: Option<&str>,
) {
    let request = as_role(Role::User, TestRequest::get().uri("/connect/start?provider=gmail"));

    let response = call(failing(error), request).await;

    assert_eq!(header(response.headers(), "retry-after"), retry_after);
    let body = problem_of(response, kind).await;
    assert!(!body.to_string().contains("hush"), "{body}");
}

#[rstest]
#[case("/api/v1/oauth/status")]
#[case("/status")]
#[actix_web::test]
async fn a_member_sees_how_he_stands_with_every_provider(#[case] path: &str) {
    let states = InMemoryReadingStates::default();
    for (id, may_begin) in [(1, false), (2, true), (3, true)] {
        let state = ReadingState {
            connection_id: ConnectionId::new(id),
            last_read_at: Some(NOON),
            may_begin,
            is_complete: !may_begin,
        };
        states.put(COMPANY_A, member(Role::User), state);
    }
    let services = Services { connections: Arc::new(connections()), reading_states: Arc::new(states), ..services() };

    let (status, body) = answer(services, as_role(Role::User, TestRequest::get().uri(path))).await;

    assert_eq!(status, 200);
    assert_eq!(body["user_id"], member(Role::User).to_string());
    assert_eq!((&body["company_id"], &body["tenant_id"]), (&json!(COMPANY_A.to_string()), &body["company_id"]));
    let gmail = json!({
        "configured": true,
        "connected": true,
        "id": 1,
        "connection_id": "broker-1",
        "status": "active",
        "email": "one@example.com",
        "account_email": "mailbox@example.com",
        "connected_at": "2026-03-02T12:00:00Z",
        "last_sync": "2026-03-02T12:00:00Z",
        "can_manual_sync": false,
        "initial_sync_completed": true,
        "needs_reauthorization": false,
        "reason": null,
    });
    assert_eq!(body["providers"]["gmail"], gmail);
    let outlook = &body["providers"]["outlook"];
    assert_eq!((&outlook["connected"], &outlook["needs_reauthorization"]), (&json!(true), &json!(true)));
    assert_eq!(
        (&outlook["status"], &outlook["reason"]),
        (&json!("needs_reauthorization"), &json!("invalid_credentials"))
    );
    assert_eq!(outlook["can_manual_sync"], false, "it has to be connected again first");
    let drive = &body["providers"]["google_drive"];
    assert_eq!((&drive["connected"], &drive["status"]), (&json!(false), &json!("disconnected")));
    let quickbooks = &body["providers"]["quickbooks"];
    assert_eq!((&quickbooks["configured"], &quickbooks["connected"]), (&json!(false), &json!(false)));
    assert_eq!(quickbooks["id"], Value::Null, "it is a colleague's");
}

#[actix_web::test]
async fn a_member_is_told_why_the_account_was_not_taken_that_he_tried_last() {
    let mut endings = MockConnectSessionEndings::new();
    endings.expect_list_refusals().returning(|_, _| Ok(vec![(Provider::Gmail, RefusalReason::AccountMismatch)]));
    let services = Services { connections: Arc::new(connections()), session_endings: Arc::new(endings), ..services() };

    let (_, body) = answer(services, as_role(Role::User, TestRequest::get().uri("/api/v1/oauth/status"))).await;

    let gmail = &body["providers"]["gmail"];
    assert_eq!((&gmail["status"], &gmail["reason"]), (&json!("active"), &json!("account_mismatch")));
    assert_eq!(body["providers"]["outlook"]["reason"], "invalid_credentials");
}

#[rstest]
#[case("/nango/webhook")]
#[case("/api/v1/webhooks/nango")]
#[actix_web::test]
async fn a_signed_webhook_is_stored_as_it_came(#[case] path: &str) {
    let body = "no JSON at all \u{fffd}";
    let expected =
        NewWebhook { company_id: COMPANY_A, body: body.as_bytes().to_vec(), request_id: Some(MADE_ID.to_owned()) };
    let mut inbox = MockWebhookInbox::new();
    inbox.expect_put().withf(move |webhook| *webhook == expected).once().returning(|_| Ok(PutOutcome::Stored));
    let services = Services { receive_webhook: receive_webhook(Arc::new(inbox)), ..services() };
    let request = TestRequest::post().uri(path).insert_header(("X-Nango-Hmac-Sha256", SIGNATURE)).set_payload(body);

    assert_eq!(answer(services, request).await, (202, json!({"status": "accepted"})));
}

#[rstest]
#[case::unsigned(None)]
#[case::forged(Some("forged"))]
#[actix_web::test]
async fn a_webhook_that_is_not_signed_is_refused(#[case] signature: Option<&str>) {
    let inbox = Arc::new(InMemoryWebhookInbox::default());
    let services = Services { receive_webhook: receive_webhook(inbox.clone()), ..services() };
    let request = signature.into_iter().fold(TestRequest::post().uri("/nango/webhook"), |request, signature| {
        request.insert_header(("X-Nango-Hmac-Sha256", signature))
    });

    problem_of(call(services, request.set_payload("{}")).await, ProblemKind::InvalidSignature).await;

    assert!(inbox.stored(COMPANY_A).is_empty());
}

#[actix_web::test]
async fn a_webhook_that_is_too_large_is_refused() {
    let request = || TestRequest::post().uri("/nango/webhook").insert_header(("X-Nango-Hmac-Sha256", SIGNATURE));

    let largest = call(services(), request().set_payload("x".repeat(MAX_BODY_BYTES))).await;
    assert_eq!(largest.status(), StatusCode::ACCEPTED);
    let response = call(services(), request().set_payload("x".repeat(MAX_BODY_BYTES + 1))).await;
    problem_of(response, ProblemKind::PayloadTooLarge).await;
}

#[rstest]
#[case::away(|| StoreError::Unavailable("hush".into()))]
#[case::broken(|| StoreError::Broken("hush".into()))]
#[actix_web::test]
async fn a_webhook_that_could_not_be_stored_is_to_be_sent_again(#[case] error: fn() -> StoreError) {
    let mut inbox = MockWebhookInbox::new();
    inbox.expect_put().returning(move |_| Err(error()));
    let services = Services { receive_webhook: receive_webhook(Arc::new(inbox)), ..services() };
    let request = TestRequest::post().uri("/nango/webhook").insert_header(("X-Nango-Hmac-Sha256", SIGNATURE));

    problem_of(call(services, request).await, ProblemKind::Unavailable).await;
}

#[actix_web::test]
async fn connections_are_brought_by_nobody_but_the_broker() {
    problem_of(call(services(), TestRequest::post().uri("/nango/oauth/callback")).await, ProblemKind::Gone).await;
}
