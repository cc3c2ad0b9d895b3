//! What webhooks say, in each form in which Nango writes them.

use cortex_connections::model::{BrokerReference, OwnerClaims, Webhook, WebhookEvent};
use cortex_connections::ports::{WebhookAuthenticity, WebhookReader};
use cortex_kernel::{BrokerConnectionId, Provider};
use cortex_nango::{NangoWebhookReader, WebhookSignature};
use rstest::rstest;
use serde_json::{Value, json};

fn read(body: &Value) -> Webhook {
    read_bytes(body.to_string().as_bytes())
}

fn read_bytes(body: &[u8]) -> Webhook {
    let integrations = [(Provider::Gmail, "mail-of-google".to_owned()), (Provider::QuickBooks, "books".to_owned())];
    NangoWebhookReader::new(&integrations.into()).read(body)
}

/// A webhook of a connection that was just made, with what a case adds to it.
fn auth(more: &Value) -> Value {
    let mut body = json!({
        "authMode": "OAUTH2", "connectionId": "c-1", "environment": "prod", "from": "nango", "operation": "creation",
        "provider": "google-mail", "providerConfigKey": "mail-of-google", "success": true, "tags": {}, "type": "auth",
    });
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    body
}

fn claims(user_id: Option<&str>, email: Option<&str>, company_id: Option<&str>) -> OwnerClaims {
    let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
    OwnerClaims { user_id: owned(user_id), email: owned(email), company_id: owned(company_id) }
}

#[rstest]
#[case::tags(
    json!({ "tags": { "end_user_id": "u", "end_user_email": "u@example.com", "organization_id": "o", "plan": "x" } }),
    claims(Some("u"), Some("u@example.com"), Some("o"))
)]
#[case::end_user(
    json!({ "endUser": { "endUserId": "u", "endUserEmail": "u@example.com", "organizationId": "o", "tags": {} } }),
    claims(Some("u"), Some("u@example.com"), Some("o"))
)]
#[case::end_user_without_tags_member(
    json!({ "tags": null, "endUser": { "endUserId": "u", "endUserEmail": null } }),
    claims(Some("u"), None, None)
)]
#[case::tags_win(
    json!({ "tags": { "end_user_id": "by tag" }, "endUser": { "endUserId": "older", "organizationId": "o" } }),
    claims(Some("by tag"), None, Some("o"))
)]
#[case::names_in_capitals(
    json!({ "tags": { "End_User_Id": "u", "ORGANIZATION_ID": "o" } }),
    claims(Some("u"), None, Some("o"))
)]
#[case::nobody(json!({}), claims(None, None, None))]
#[case::empty_texts_and_other_types(
    json!({ "tags": { "end_user_id": " ", "organization_id": 7 }, "endUser": [] }),
    claims(None, None, None)
)]
fn it_tells_whose_the_connection_is(#[case] more: Value, #[case] claims: OwnerClaims) {
    let webhook = read(&auth(&more));

    let connection = BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new("c-1") };
    assert_eq!(webhook, Webhook { event: WebhookEvent::Connected, connection: Some(connection), claims });
}

#[rstest]
#[case::made(json!({}), WebhookEvent::Connected)]
#[case::made_again(json!({ "operation": "override" }), WebhookEvent::Connected)]
#[case::given_up(json!({ "success": false, "error": { "type": "invalid_callback" } }), WebhookEvent::ConnectFailed)]
#[case::not_renewed(json!({ "operation": "refresh", "success": false }), WebhookEvent::RefreshFailed)]
#[case::synced(json!({ "type": "sync", "operation": null, "model": "Mail" }), WebhookEvent::Fetched)]
#[case::not_synced(json!({ "type": "sync", "success": false }), WebhookEvent::FetchFailed)]
#[case::of_another_operation(json!({ "operation": "deletion" }), WebhookEvent::Unknown)]
#[case::without_outcome(json!({ "success": null }), WebhookEvent::Unknown)]
#[case::passed_on(json!({ "type": "forward" }), WebhookEvent::Unknown)]
#[case::without_type(json!({ "type": null }), WebhookEvent::Unknown)]
fn it_tells_what_happened(#[case] more: Value, #[case] event: WebhookEvent) {
    assert_eq!(read(&auth(&more)).event, event);
}

/// So that another company's is not kept, whatever it is about.
#[rstest]
#[case::by_tags(json!({ "type": "forward", "tags": { "organization_id": "o" } }))]
#[case::in_the_older_form(json!({ "operation": "deletion", "endUser": { "organizationId": "o" } }))]
fn of_an_unknown_kind_it_tells_whose_it_is_and_no_connection(#[case] more: Value) {
    let expected = Webhook { event: WebhookEvent::Unknown, connection: None, claims: claims(None, None, Some("o")) };

    assert_eq!(read(&auth(&more)), expected);
}

#[rstest]
#[case::of_another_integration(json!({ "providerConfigKey": "slack" }))]
#[case::of_none(json!({ "providerConfigKey": null }))]
#[case::without_an_id(json!({ "connectionId": "" }))]
fn it_names_no_connection_that_we_cannot_ask_for(#[case] more: Value) {
    assert_eq!(read(&auth(&more)).connection, None);
}

#[rstest]
#[case(b"")]
#[case(b"\xff\x00")]
#[case(b"{\"type\":\"auth\"")]
#[case(b"[]")]
#[case(b"\"auth\"")]
fn what_is_no_webhook_of_nango_says_nothing(#[case] body: &[u8]) {
    let nothing = Webhook { event: WebhookEvent::Unknown, connection: None, claims: OwnerClaims::default() };

    assert_eq!(read_bytes(body), nothing);
}

#[test]
fn the_signature_answers_whether_a_webhook_is_authentic() {
    let signature: &dyn WebhookAuthenticity = &WebhookSignature::new("signing-key-of-june".into(), None);
    let by_june = "228e0c435597fa4e303e85a65934eefbf746f322d857235ac5c1176e5c481766";

    assert!(signature.is_authentic(br#"{"from":"nango","type":"auth"}"#, by_june));
    assert!(!signature.is_authentic(br#"{"from":"nango","type":"sync"}"#, by_june));
}
