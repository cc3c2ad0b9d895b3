//! Connecting accounts, and what the broker tells of it.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use cortex_connections::model::{
    BrokerConnection, BrokerFilter, Connection, ConnectionStatus, ListedConnection, NewWebhook, Owner, OwnerClaims,
    PutOutcome, RefusalReason, Standing, StatusReason,
};
use cortex_connections::ports::{
    BrokerError, ListedPage, MockBrokeredConnections, MockConnectionBroker, MockConnectionViews, MockWebhookInbox,
    OpenConnectSession,
};
use cortex_connections::testing::{
    COMPANY_A, InMemoryConnectionStore, InMemoryConnectionViews, InMemoryWebhookInbox, NOON, a_broker_connection,
    a_claim, a_connection, a_link, an_owner, an_unclaimed_connection,
};
use cortex_identity::model::Role;
use cortex_kernel::{ConnectionId, Provider, StoreError};
use rstest::rstest;
use serde_json::{Value, json};

use super::stage::{
    SIGNATURE, answer, as_role, call, disconnect, member, receive_webhook, reconcile, reconcile_with, services,
    start_connect,
};
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
    let views = InMemoryConnectionViews::of(connections());
    views.begin(ConnectionId::new(1), true);
    for id in 1..=3 {
        views.read(ConnectionId::new(id), NOON);
    }
    let services = Services { connection_views: Arc::new(views), ..services() };

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
    let mut views = MockConnectionViews::new();
    views.expect_find_standing().once().returning(|_, _| {
        let refused = Some(RefusalReason::AccountMismatch);
        Ok(vec![
            Standing { provider: Provider::Gmail, connection: None, refused },
            Standing { provider: Provider::Outlook, connection: None, refused: None },
        ])
    });
    let services = Services { connection_views: Arc::new(views), ..services() };

    let (_, body) = answer(services, as_role(Role::User, TestRequest::get().uri("/api/v1/oauth/status"))).await;

    let gmail = &body["providers"]["gmail"];
    assert_eq!((&gmail["status"], &gmail["reason"]), (&Value::Null, &json!("account_mismatch")));
    assert_eq!(body["providers"]["outlook"]["reason"], Value::Null);
}

/// The connections, and one from before they had owners.
fn views() -> InMemoryConnectionViews {
    let connections = connections();
    connections.put_unclaimed(COMPANY_A, an_unclaimed_connection(), NOON);
    InMemoryConnectionViews::of(connections)
}

#[actix_web::test]
async fn a_member_lists_his_own_connections() {
    let views = views();
    views.bring_in(ConnectionId::new(1), 12);
    let services = Services { connection_views: Arc::new(views), ..services() };
    let request = TestRequest::get().uri("/api/v1/oauth/connections?limit=2");

    let (status, first) = answer(services.clone(), as_role(Role::User, request)).await;
    assert_eq!(status, 200);
    let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), [3, 2]);
    let path = format!("/api/v1/oauth/connections?scope=own&cursor={}", first["next_cursor"].as_str().unwrap());
    let (_, rest) = answer(services, as_role(Role::User, TestRequest::get().uri(&path))).await;

    let gmail = json!({
        "id": 1,
        "provider": "gmail",
        "connection_id": "broker-1",
        "user_id": member(Role::User).to_string(),
        "user_email": "one@example.com",
        "account_email": "mailbox@example.com",
        "status": "active",
        "reason": null,
        "connected_at": "2026-03-02T12:00:00Z",
        "status_changed_at": "2026-03-02T12:00:00Z",
        "last_sync": null,
        "documents": 12,
        "can_manual_sync": true,
        "initial_sync_completed": false,
        "needs_reauthorization": false,
    });
    assert_eq!(rest, json!({ "items": [gmail], "next_cursor": null }));
}

#[rstest]
#[case::admin(Role::Admin)]
#[case::owner(Role::Owner)]
#[actix_web::test]
async fn an_admin_lists_all_of_the_company_with_those_that_nobody_owns(#[case] role: Role) {
    let services = Services { connection_views: Arc::new(views()), ..services() };
    let request = TestRequest::get().uri("/api/v1/oauth/connections?scope=company");

    let (status, body) = answer(services, as_role(role, request)).await;

    assert_eq!((status, body["items"].as_array().unwrap().len()), (200, 5), "{body}");
    let nobodys = &body["items"][0];
    assert_eq!((&nobodys["id"], &nobodys["user_id"]), (&json!(7), &Value::Null));
    let expected = (&json!("needs_reauthorization"), &json!("no_user"), &json!(true));
    assert_eq!((&nobodys["status"], &nobodys["reason"], &nobodys["needs_reauthorization"]), expected);
}

#[rstest]
#[case::of_the_company_by_no_admin(Role::User, "?scope=company", ProblemKind::RoleTooLow)]
#[case::of_an_unknown_scope(Role::Owner, "?scope=world", ProblemKind::InvalidQuery)]
#[case::from_an_unknown_place(Role::Owner, "?cursor=nowhere", ProblemKind::InvalidQuery)]
#[actix_web::test]
async fn a_list_that_nobody_may_have_says_why(#[case] role: Role, #[case] query: &str, #[case] kind: ProblemKind) {
    let request = TestRequest::get().uri(&format!("/api/v1/oauth/connections{query}"));

    problem_of(call(services(), as_role(role, request)).await, kind).await;
}

#[rstest]
#[case::of_ones_own("")]
#[case::with_its_documents("?documents=purge")]
#[case::without_them("?documents=keep")]
#[actix_web::test]
async fn a_member_ends_a_connection_of_his_own(#[case] query: &str) {
    let store = Arc::new(connections());
    let services = Services { disconnect: disconnect(store.clone()), ..services() };
    let request = TestRequest::delete().uri(&format!("/api/v1/oauth/connections/1{query}"));

    let answered = answer(services, as_role(Role::User, request)).await;

    let expected = json!({
        "disconnected": true,
        "documents_removed": 0,
        "user_id": member(Role::User).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!(answered, (200, expected));
    assert_eq!(store.audited(COMPANY_A), ["connection_disconnected"]);
}

/// Number 4 is a colleague's.
#[rstest]
#[case::a_colleagues(Role::User, "/4", ProblemKind::NotFound)]
#[case::none(Role::Owner, "/99", ProblemKind::NotFound)]
#[case::no_number(Role::Owner, "/one", ProblemKind::InvalidPath)]
#[case::in_another_way(Role::Owner, "/4?documents=burn", ProblemKind::InvalidQuery)]
#[case::a_colleagues_documents_by_no_owner(Role::Admin, "/4?documents=purge", ProblemKind::RoleTooLow)]
#[case::by_a_viewer(Role::Viewer, "/1", ProblemKind::RoleTooLow)]
#[actix_web::test]
async fn a_connection_that_one_may_not_end_goes_on(#[case] role: Role, #[case] path: &str, #[case] kind: ProblemKind) {
    let store = Arc::new(connections());
    let services = Services { disconnect: disconnect(store.clone()), ..services() };
    let request = TestRequest::delete().uri(&format!("/api/v1/oauth/connections{path}"));

    problem_of(call(services, as_role(role, request)).await, kind).await;

    assert_eq!(store.audited(COMPANY_A), [""; 0]);
}

#[rstest]
#[case::admin(Role::Admin, "")]
#[case::owner_with_its_documents(Role::Owner, "?documents=purge")]
#[actix_web::test]
async fn a_colleagues_connection_is_ended_by_who_may(#[case] role: Role, #[case] query: &str) {
    let services = Services { disconnect: disconnect(Arc::new(connections())), ..services() };
    let request = TestRequest::delete().uri(&format!("/api/v1/oauth/connections/4{query}"));

    let (status, body) = answer(services, as_role(role, request)).await;

    assert_eq!((status, &body["user_id"]), (200, &json!(member(role).to_string())), "who did it");
}

#[rstest]
#[case("/api/v1/oauth/connect/sync-from-nango?provider=gmail")]
#[case("/connect/sync-from-nango?provider=google-mail")]
#[actix_web::test]
async fn a_connection_whose_webhook_was_lost_is_asked_for(#[case] path: &str) {
    let claims = OwnerClaims { user_id: Some(member(Role::User).to_string()), ..a_claim() };
    let at_broker = BrokerConnection { claims: claims.clone(), ..a_broker_connection() };
    let listed =
        ListedConnection { reference: at_broker.reference.clone(), claims, is_authorized: true, created_at: NOON };
    let mut brokered = MockBrokeredConnections::new();
    let filter =
        BrokerFilter { company_id: COMPANY_A, user_id: Some(member(Role::User)), provider: Some(Provider::Gmail) };
    brokered
        .expect_list()
        .withf(move |asked, page| (*asked, *page) == (filter, 0))
        .return_once(move |_, _| Ok(ListedPage { connections: vec![listed], is_last: true }));
    brokered.expect_find().returning(move |_| Ok(Some(at_broker.clone())));
    let services = Services { reconcile: reconcile_with(brokered), ..services() };

    let answered = answer(services, as_role(Role::User, TestRequest::post().uri(path))).await;

    let expected = json!({
        "found": 1,
        "saved": 1,
        "provider": "gmail",
        "user_id": member(Role::User).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!(answered, (200, expected));
}

#[rstest]
#[case::away(BrokerError::Unavailable("hush".into()), ProblemKind::NangoUnavailable)]
#[case::nonsense(BrokerError::BadAnswer("hush".into()), ProblemKind::NangoBadAnswer)]
#[actix_web::test]
async fn a_broker_that_cannot_be_asked_is_told_of(#[case] error: BrokerError, #[case] kind: ProblemKind) {
    let services = Services { reconcile: reconcile(error), ..services() };
    let request = TestRequest::post().uri("/connect/sync-from-nango?provider=gmail");

    problem_of(call(services, as_role(Role::User, request)).await, kind).await;
}

#[rstest]
#[case::unknown("myspace", ProblemKind::UnsupportedProvider)]
#[case::switched_off("quickbooks", ProblemKind::ProviderNotConfigured)]
#[actix_web::test]
async fn nobody_asks_for_connections_of_a_provider_that_is_none(#[case] name: &str, #[case] kind: ProblemKind) {
    let request = TestRequest::post().uri(&format!("/connect/sync-from-nango?provider={name}"));

    problem_of(call(services(), as_role(Role::User, request)).await, kind).await;
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
