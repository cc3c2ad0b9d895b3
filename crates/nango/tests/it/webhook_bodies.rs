//! The webhooks that Nango is known to send, one case each: what they look like on the wire, and what they say to us.
//!
//! A body is compact JSON with its members in alphabetical order, signed as it stands.

use cortex_connections::model::{BrokerReference, OwnerClaims, Webhook, WebhookEvent};
use cortex_connections::ports::{WebhookAuthenticity, WebhookReader};
use cortex_kernel::{BrokerConnectionId, Provider};
use cortex_nango::{NangoWebhookReader, WebhookSignature};
use hmac::{Hmac, KeyInit, Mac};
use rstest::rstest;
use serde_json::{Value, json};
use sha2::Sha256;

const KEY: &str = "0b54c7f2-8c1d-4d7c-9b0f-5a3f6c1e2d70";
const KEY_BEFORE: &str = "77e0a1d8-3f5b-4f0a-8a53-2f1c9e7b6d10";

const MAIL: &str = "google-mail";
const DRIVE: &str = "google-drive";

fn integrations() -> NangoWebhookReader {
    let keys = [
        (Provider::Gmail, MAIL.to_owned()),
        (Provider::Outlook, "outlook".to_owned()),
        (Provider::GoogleDrive, DRIVE.to_owned()),
        (Provider::QuickBooks, "quickbooks".to_owned()),
    ];
    NangoWebhookReader::new(&keys.into())
}

fn sign(key: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(body);
    mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// As it goes over the wire with this key, taken in where the newer of the two keys is known, and the older one too.
fn taken_in(key: &str, body: &Value) -> Webhook {
    let bytes = body.to_string().into_bytes();
    let signature = WebhookSignature::new(KEY.into(), Some(KEY_BEFORE.into()));
    assert!(signature.is_authentic(&bytes, &sign(key, &bytes)));
    assert!(!signature.is_authentic(&bytes, &sign("some other key", &bytes)));
    integrations().read(&bytes)
}

/// Members of an auth webhook that every one has, and those that this one has besides.
fn auth(operation: &str, key: &str, connection: &str, more: &Value) -> Value {
    let mut body = json!({
        "authMode": "OAUTH2", "connectionId": connection, "environment": "prod", "from": "nango",
        "operation": operation, "provider": key, "providerConfigKey": key, "success": true, "type": "auth",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn made(key: &str, tags: &Value) -> Value {
    auth("creation", key, "c-1", &json!({ "tags": tags }))
}

/// The same by somebody who did not get through.
fn not_made(error: &Value) -> Value {
    auth("creation", MAIL, "c-1", &json!({ "success": false, "error": error }))
}

fn sync(more: &Value) -> Value {
    let mut body = json!({
        "connectionId": "c-1", "from": "nango", "model": "GmailEmail", "modifiedAfter": "2026-03-02T11:59:40.100Z",
        "providerConfigKey": MAIL, "queryTimeStamp": "2026-03-02T11:59:40.100Z",
        "responseResults": { "added": 0, "deleted": 0, "updated": 0 }, "success": true, "syncName": "emails",
        "syncType": "INCREMENTAL", "syncVariant": "base", "type": "sync",
        "checkpoints": { "from": null, "to": null },
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn failed_sync(more: &Value) -> Value {
    let mut body = sync(&json!({
        "success": false, "failedAt": "2026-03-02T11:59:59.000Z", "startedAt": "2026-03-02T11:59:40.000Z",
    }));
    let members = body.as_object_mut().unwrap();
    for name in ["modifiedAfter", "queryTimeStamp", "responseResults"] {
        members.remove(name);
    }
    members.extend(more.as_object().unwrap().clone());
    body
}

fn script_error(message: &str) -> Value {
    json!({
        "description": "An internal error occurred during the script execution", "type": "script_error",
        "payload": { "message": message, "name": "Error", "stacktrace": ["Error: x", "at Object.exec (a.cjs:1:2)"] },
    })
}

fn no_code() -> Value {
    let description = "Did not get authorization code in the callback. Provider error: error: access_denied";
    json!({ "description": description, "type": "invalid_callback" })
}

/// Its description is a JSON text in itself.
fn malformed_code() -> Value {
    let description = "{\n  \"name\": \"Error\",\n  \"message\": \"Response Error: 400 Bad Request\",\n  \
                       \"provider_error_payload\": {\n    \"error\": \"invalid_grant\"\n  }\n}";
    json!({ "description": description, "type": "unknown" })
}

/// A failed sync carries what Nango itself was answered, a whole connection among it.
fn credentials_error() -> Value {
    let connection = json!({
        "connection_config": { "emailAddressHash": "1982c775" }, "connection_id": "c-1", "credentials": {},
        "end_user": null, "errors": [{ "log_id": "1_a", "type": "auth" }], "id": 44,
        "tags": { "end_user_id": "somebody else", "organization_id": "elsewhere" },
    });
    let body = json!({ "error": { "code": "invalid_credentials", "payload": { "connection": connection } } });
    json!({
        "additional_properties": { "upstream_response": { "body": body, "status": 400 } }, "type": "script_error",
        "description": "An internal error occurred during the script execution",
    })
}

fn nobody() -> OwnerClaims {
    OwnerClaims::default()
}

fn user(user_id: &str) -> OwnerClaims {
    OwnerClaims { user_id: Some(user_id.to_owned()), ..nobody() }
}

fn everything() -> OwnerClaims {
    OwnerClaims { email: Some("u@example.com".to_owned()), company_id: Some("o".to_owned()), ..user("u") }
}

fn all_tags() -> Value {
    json!({ "end_user_id": "u", "end_user_email": "u@example.com", "organization_id": "o", "workspace_id": "w" })
}

#[rstest]
#[case::with_our_tags(made(MAIL, &all_tags()), Provider::Gmail, everything())]
#[case::with_the_user_only(made(DRIVE, &json!({ "end_user_id": "u" })), Provider::GoogleDrive, user("u"))]
#[case::of_quickbooks(made("quickbooks", &json!({ "end_user_id": "u" })), Provider::QuickBooks, user("u"))]
#[case::by_import(made(DRIVE, &json!({ "end_user_id": "u", "workspace_id": "w" })), Provider::GoogleDrive, user("u"))]
#[case::by_import_for_an_end_user(
    made(MAIL, &json!({ "end_user_email": "u@example.com", "end_user_id": "u" })),
    Provider::Gmail,
    OwnerClaims { email: Some("u@example.com".to_owned()), ..user("u") }
)]
#[case::for_an_end_user_with_tags_of_his_own(
    auth("creation", "outlook", "c-1", &json!({
        "endUser": {
            "endUserEmail": "u@example.com", "endUserId": "u", "organizationId": "o", "tags": { "plan": "pro" },
        },
        "tags": {
            "end_user_display_name": "U", "end_user_email": "u@example.com", "end_user_id": "u",
            "organization_display_name": "O Ltd", "organization_id": "o", "plan": "pro",
        },
    })),
    Provider::Outlook,
    everything()
)]
#[case::for_an_end_user_whom_a_tag_contradicts(
    auth("creation", DRIVE, "c-1", &json!({
        "endUser": { "endUserEmail": null, "endUserId": "older", "tags": {} },
        "tags": { "end_user_display_name": "X", "end_user_id": "by tag" },
    })),
    Provider::GoogleDrive,
    user("by tag")
)]
#[case::beyond_ascii(
    made(DRIVE, &json!({ "display_name": "Zoë Ünïcode 東京 😀 \"quoted\"", "path": "a/b\\c" })),
    Provider::GoogleDrive,
    nobody()
)]
#[case::again_by_reconnect(
    auth("override", MAIL, "c-1", &json!({ "tags": { "end_user_id": "u", "reason": "renew" } })),
    Provider::Gmail,
    user("u")
)]
#[case::again_after_a_refresh_that_failed(
    auth("override", MAIL, "c-1", &json!({ "tags": { "end_user_id": "u" } })),
    Provider::Gmail,
    user("u")
)]
#[case::again_and_all_tags_are_gone(auth("override", MAIL, "c-1", &json!({ "tags": {} })), Provider::Gmail, nobody())]
#[case::again_and_the_end_user_is_gone(
    auth("override", "outlook", "c-1", &json!({ "tags": {} })),
    Provider::Outlook,
    nobody()
)]
#[case::again_by_import(auth("override", DRIVE, "c-1", &json!({ "tags": {} })), Provider::GoogleDrive, nobody())]
fn a_connection_was_made(#[case] body: Value, #[case] provider: Provider, #[case] claims: OwnerClaims) {
    let connection = Some(BrokerReference { provider, id: BrokerConnectionId::new("c-1") });
    let expected = Webhook { event: WebhookEvent::Connected, connection, claims };

    assert_eq!(taken_in(KEY, &body), expected);
    assert_eq!(taken_in(KEY_BEFORE, &body), expected, "while the key is being changed");
}

/// No tags, and the id may be that of a connection that lives: nothing tells a reconnect from a first connect.
#[rstest]
#[case::cancelled_by_the_person(not_made(&no_code()), WebhookEvent::ConnectFailed, nobody())]
#[case::refused_by_the_provider(not_made(&malformed_code()), WebhookEvent::ConnectFailed, nobody())]
#[case::refresh(
    auth("refresh", MAIL, "c-1", &json!({
        "success": false, "tags": { "end_user_id": "u" },
        "error": { "description": "The external API returned an error", "type": "refresh_token_external_error" },
    })),
    WebhookEvent::RefreshFailed,
    user("u")
)]
#[case::fetched_for_the_first_time(
    sync(&json!({ "syncType": "INITIAL", "responseResults": { "added": 5, "deleted": 0, "updated": 0 } })),
    WebhookEvent::Fetched,
    nobody()
)]
#[case::fetched_since_a_checkpoint(
    sync(&json!({
        "checkpoints": { "from": null, "to": { "page": 2, "since": "2026-03-01T00:00:00Z" } },
        "responseResults": { "added": 1, "deleted": 1, "updated": 1 },
    })),
    WebhookEvent::Fetched,
    nobody()
)]
#[case::fetched_nothing(sync(&json!({})), WebhookEvent::Fetched, nobody())]
#[case::fetched_what_was_there_before(
    sync(&json!({ "responseResults": { "added": 1, "deleted": 0, "updated": 0 } })),
    WebhookEvent::Fetched,
    nobody()
)]
#[case::fetched_after_a_reset(sync(&json!({ "syncType": "INITIAL" })), WebhookEvent::Fetched, nobody())]
#[case::fetched_after_the_cache_was_emptied(
    sync(&json!({ "syncType": "INITIAL", "responseResults": { "added": 2, "deleted": 0, "updated": 0 } })),
    WebhookEvent::Fetched,
    nobody()
)]
#[case::fetched_the_second_of_two_models(
    sync(&json!({ "model": "Label", "syncName": "mail-and-labels" })),
    WebhookEvent::Fetched,
    nobody()
)]
#[case::fetched_a_variant(sync(&json!({ "syncVariant": "archive" })), WebhookEvent::Fetched, nobody())]
#[case::fetched_that_something_was_deleted(
    sync(&json!({ "checkpoints": null, "responseResults": { "added": 0, "deleted": 1, "updated": 0 } })),
    WebhookEvent::Fetched,
    nobody()
)]
#[case::did_not_fetch(
    failed_sync(&json!({ "error": script_error("the provider said no") })),
    WebhookEvent::FetchFailed,
    nobody()
)]
#[case::did_not_fetch_two_models(
    failed_sync(&json!({ "error": script_error("boom"), "model": "Email,Label" })),
    WebhookEvent::FetchFailed,
    nobody()
)]
#[case::did_not_fetch_for_want_of_credentials(
    failed_sync(&json!({ "error": credentials_error() })),
    WebhookEvent::FetchFailed,
    nobody()
)]
fn something_happened_to_a_connection(#[case] body: Value, #[case] event: WebhookEvent, #[case] claims: OwnerClaims) {
    let connection = Some(BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new("c-1") });

    assert_eq!(taken_in(KEY, &body), Webhook { event, connection, claims });
}

/// Signed like all others, and nothing that we follow.
#[rstest]
#[case::of_a_provider_with_its_connection(json!({
    "connectionId": "c-1", "from": MAIL, "providerConfigKey": MAIL, "type": "forward",
    "payload": { "message": { "data": "eyJhIjoxfQ==", "messageId": "1" }, "subscription": "projects/x" },
}))]
#[case::of_a_provider_as_it_came(json!({
    "message": { "data": "eyJhIjoxfQ==", "messageId": "1" }, "subscription": "projects/x",
}))]
#[case::of_an_action(json!({
    "connectionId": "c-1", "from": "nango", "providerConfigKey": MAIL, "type": "async_action",
    "payload": { "id": "1", "statusUrl": "/action/1" },
}))]
fn what_is_passed_on_says_nothing(#[case] body: Value) {
    let nothing = Webhook { event: WebhookEvent::Unknown, connection: None, claims: nobody() };

    assert_eq!(taken_in(KEY, &body), nothing);
}
