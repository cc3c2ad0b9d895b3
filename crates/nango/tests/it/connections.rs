//! Reading and removing connections.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use cortex_connections::model::{BrokerConnection, BrokerFilter, BrokerReference, OwnerClaims};
use cortex_connections::ports::{BrokerError, BrokeredConnections};
use cortex_connections::testing::{COMPANY_A, USER_1};
use cortex_kernel::{BrokerConnectionId, Provider, UserId};
use cortex_nango::NangoConnections;
use rstest::rstest;
use serde_json::{Value, json};
use time::macros::datetime;
use url::Url;

use crate::stand_in::{KEY, PATIENCE, StandIn, client};

fn connections(host: &Url) -> NangoConnections {
    NangoConnections::new(client(host, PATIENCE), [(Provider::QuickBooks, "books & more".to_owned())].into())
}

fn the_one() -> BrokerReference {
    BrokerReference { provider: Provider::QuickBooks, id: BrokerConnectionId::new("c/1") }
}

async fn found(answer: fn() -> HttpResponse) -> Result<Option<BrokerConnection>, BrokerError> {
    let nango = StandIn::answering(answer);
    let found = connections(&nango.url).find(&the_one()).await;
    nango.stop().await;
    found
}

async fn deleted(answer: fn() -> HttpResponse) -> Result<(), BrokerError> {
    let nango = StandIn::answering(answer);
    let deleted = connections(&nango.url).delete(&the_one()).await;
    nango.stop().await;
    deleted
}

/// A connection as Nango tells it, made with tags.
fn body() -> Value {
    json!({
        "id": 12, "connection_id": "c/1", "provider_config_key": "books & more", "provider": "quickbooks", "errors": [],
        "end_user": null,
        "tags": { "end_user_id": "u", "end_user_email": "u@example.com", "organization_id": "o" },
        "metadata": null, "connection_config": { "realmId": "4620816365" }, "created_at": "2026-03-02T11:58:00.1+00:00",
        "credentials": { "type": "OAUTH2", "access_token": "hush" },
    })
}

fn body_with(member: &str, value: &Value) -> Value {
    let mut body = body();
    body[member] = value.clone();
    body
}

fn a_connection() -> BrokerConnection {
    let claims = OwnerClaims {
        user_id: Some("u".to_owned()),
        email: Some("u@example.com".to_owned()),
        company_id: Some("o".to_owned()),
    };
    BrokerConnection { reference: the_one(), claims, is_authorized: true, realm_id: Some("4620816365".to_owned()) }
}

#[actix_web::test]
async fn a_connection_is_asked_for_by_its_id_and_integration() {
    let nango = StandIn::answering(|| HttpResponse::Ok().json(body()));

    let found = connections(&nango.url).find(&the_one()).await.unwrap();

    assert_eq!(found, Some(a_connection()));
    let asked = nango.asked_once();
    let target = "/connections/c%2F1?provider_config_key=books+%26+more";
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", target));
    assert_eq!(asked.headers["authorization"], format!("Bearer {KEY}"));
    nango.stop().await;
}

#[actix_web::test]
async fn the_owner_is_read_in_the_older_form_too() {
    let answer = || {
        let end_user = json!({ "id": "u", "email": "u@example.com", "tags": {}, "organization": { "id": "o" } });
        let mut body = body_with("end_user", &end_user);
        body["tags"] = json!({});
        HttpResponse::Ok().json(body)
    };

    assert_eq!(found(answer).await.unwrap(), Some(a_connection()));
}

#[actix_web::test]
async fn what_a_connection_lacks_is_missing() {
    let answer = || HttpResponse::Ok().json(json!({ "connection_id": "c/1" }));

    let bare = BrokerConnection { claims: OwnerClaims::default(), realm_id: None, ..a_connection() };
    assert_eq!(found(answer).await.unwrap(), Some(bare));
}

#[rstest]
#[case::told_with_it(|| HttpResponse::Ok().json(body_with("errors", &json!([{ "type": "auth", "log_id": "1" }]))))]
#[case::just_now(|| invalid_credentials(400))]
#[case::for_a_while(|| invalid_credentials(424))]
#[actix_web::test]
async fn credentials_that_do_not_work_are_told(#[case] answer: fn() -> HttpResponse) {
    assert_eq!(found(answer).await.unwrap(), Some(BrokerConnection { is_authorized: false, ..a_connection() }));
}

#[actix_web::test]
async fn an_error_of_a_sync_leaves_the_credentials_in_order() {
    let answer = || HttpResponse::Ok().json(body_with("errors", &json!([{ "type": "sync", "log_id": "1" }])));

    assert_eq!(found(answer).await.unwrap(), Some(a_connection()));
}

#[rstest]
#[case::not_found(|| complaining(404, "not_found"))]
#[case::unknown(|| complaining(404, "unknown_connection"))]
#[case::unknown_as_a_bad_request(|| complaining(400, "unknown_connection"))]
#[actix_web::test]
async fn a_connection_that_nango_does_not_have_is_absent(#[case] answer: fn() -> HttpResponse) {
    assert_eq!(found(answer).await.unwrap(), None);
}

/// A wrong address must not look as if everybody had disconnected.
#[rstest]
#[case::a_page(|| answer(404).content_type("text/html").body("<!doctype html>"), "404")]
#[case::the_dashboard(|| answer(200).content_type("text/html").body("<!doctype html>"), "is NANGO_HOST right")]
#[case::no_such_integration(|| complaining(400, "unknown_provider_config"), r#"no integration "books & more""#)]
#[case::another_one(|| HttpResponse::Ok().json(body_with("connection_id", &json!("c-2"))), "`connection_id`")]
#[case::a_token_in_its_place(|| HttpResponse::Ok().json(json!({ "connection_id": { "hush": 1 } })), "`connection_id`")]
#[case::credentials_without_the_rest(|| complaining(424, "invalid_credentials"), "`connection_id`")]
#[actix_web::test]
async fn an_answer_that_makes_no_sense_is_a_bad_one(#[case] answer: fn() -> HttpResponse, #[case] logged: &str) {
    let error = found(answer).await.unwrap_err();

    let BrokerError::BadAnswer(source) = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains(logged), "{source}");
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
}

#[actix_web::test]
async fn failures_of_nango_itself_are_told_apart() {
    let error = found(|| complaining(401, "unknown_account")).await.unwrap_err();
    assert!(matches!(error, BrokerError::Unauthorised(_)), "{error:?}");
    let error = found(|| complaining(500, "server_error")).await.unwrap_err();
    assert!(matches!(error, BrokerError::Unavailable(_)), "{error:?}");
    let error = deleted(|| complaining(403, "forbidden")).await.unwrap_err();
    assert!(matches!(error, BrokerError::Unauthorised(_)), "{error:?}");
    let error = deleted(throttled).await.unwrap_err();
    assert!(matches!(error, BrokerError::Throttled { retry_after: Some(wait) } if wait.as_secs() == 9), "{error:?}");
}

#[actix_web::test]
async fn a_connection_is_removed_by_its_id_and_integration() {
    let nango = StandIn::answering(|| HttpResponse::Ok().json(json!({ "success": true })));

    connections(&nango.url).delete(&the_one()).await.unwrap();

    let asked = nango.asked_once();
    let target = "/connections/c%2F1?provider_config_key=books+%26+more";
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("DELETE", target));
    nango.stop().await;
}

#[actix_web::test]
async fn a_connection_that_is_gone_already_is_removed() {
    deleted(|| HttpResponse::BadRequest().json(json!({ "error": { "code": "unknown_connection" } }))).await.unwrap();
}

#[rstest]
#[case::another_complaint(|| complaining(400, "invalid_query_params"))]
#[case::no_success(|| HttpResponse::Ok().json(json!({ "success": false })))]
#[case::the_dashboard(|| answer(200).content_type("text/html").body("<!doctype html>"))]
#[actix_web::test]
async fn a_removal_is_not_believed_without_a_word(#[case] answer: fn() -> HttpResponse) {
    let error = deleted(answer).await.unwrap_err();

    assert!(matches!(error, BrokerError::BadAnswer(_)), "{error:?}");
}

/// Else the list of all connections would be asked for.
#[actix_web::test]
async fn an_id_that_is_none_is_not_asked_for() {
    let nobody = connections(&"http://127.0.0.1:9".parse().unwrap());

    for id in ["", "."] {
        let reference = BrokerReference { id: BrokerConnectionId::new(id), ..the_one() };
        let error = nobody.find(&reference).await.unwrap_err();
        assert!(matches!(error, BrokerError::BadAnswer(_)), "{error:?}");
    }
}

fn answer(status: u16) -> HttpResponseBuilder {
    HttpResponse::build(StatusCode::from_u16(status).unwrap())
}

fn complaining(status: u16, code: &str) -> HttpResponse {
    answer(status).json(json!({ "error": { "code": code, "message": "in so many words" } }))
}

fn throttled() -> HttpResponse {
    answer(429).insert_header(("retry-after", "9")).json(json!({ "error": { "code": "too_many_request" } }))
}

fn invalid_credentials(status: u16) -> HttpResponse {
    let connection = body_with("credentials", &json!({}));
    let error = json!({ "code": "invalid_credentials", "message": "m", "payload": { "connection": connection } });
    answer(status).json(json!({ "error": error }))
}

fn filter(user_id: Option<UserId>, provider: Option<Provider>) -> BrokerFilter {
    BrokerFilter { company_id: COMPANY_A, user_id, provider }
}

/// Of two integrations.
fn of_both(host: &Url) -> NangoConnections {
    let integrations = [(Provider::Gmail, "mail".to_owned()), (Provider::QuickBooks, "books & more".to_owned())];
    NangoConnections::new(client(host, PATIENCE), integrations.into())
}

/// A connection as Nango lists it.
fn listed(number: usize, key: &str) -> Value {
    json!({
        "id": number, "connection_id": format!("c-{number}"), "provider_config_key": key, "provider": "google-mail",
        "errors": [], "end_user": null, "tags": { "end_user_id": "u", "organization_id": "o" }, "metadata": {},
        "created": "2026-03-02T11:58:00.123+00:00",
    })
}

#[actix_web::test]
async fn the_companys_connections_are_listed_by_their_tags_from_page_0_on() {
    let nango = StandIn::answering(|| HttpResponse::Ok().json(json!({ "connections": [] })));
    let connections = of_both(&nango.url);

    connections.list(&filter(None, None), 0).await.unwrap();
    connections.list(&filter(Some(USER_1), Some(Provider::QuickBooks)), 3).await.unwrap();

    let targets: Vec<_> = nango.asked().into_iter().map(|asked| asked.target).collect();
    let company = format!("tags%5Borganization_id%5D={COMPANY_A}");
    let user = format!("tags%5Bend_user_id%5D={USER_1}");
    let everything = format!("/connections?integrationId=mail%2Cbooks+%26+more&{company}&limit=100&page=0");
    let one_persons = format!("/connections?integrationId=books+%26+more&{company}&limit=100&page=3&{user}");
    assert_eq!(targets, [everything, one_persons]);
    nango.stop().await;
}

#[actix_web::test]
async fn a_listed_connection_tells_whose_it_is_whether_it_works_and_since_when() {
    let nango = StandIn::answering(|| {
        let broken = json!([{ "type": "auth", "log_id": "1" }]);
        let mut refused = listed(2, "books & more");
        refused["errors"] = broken;
        let mut failing = listed(3, "mail");
        failing["errors"] = json!([{ "type": "sync", "log_id": "1" }]);
        HttpResponse::Ok().json(json!({ "connections": [listed(1, "mail"), refused, failing, listed(4, "slack")] }))
    });

    let page = of_both(&nango.url).list(&filter(None, None), 0).await.unwrap();

    let told: Vec<_> = page
        .connections
        .iter()
        .map(|one| (one.reference.provider, one.reference.id.as_str(), one.is_authorized))
        .collect();
    assert_eq!(
        told,
        [(Provider::Gmail, "c-1", true), (Provider::QuickBooks, "c-2", false), (Provider::Gmail, "c-3", true)],
        "one of an integration that is not ours is left out"
    );
    assert!(page.is_last);
    assert_eq!(page.connections[0].created_at, datetime!(2026-03-02 11:58:00.123 UTC));
    let claims = OwnerClaims { user_id: Some("u".to_owned()), email: None, company_id: Some("o".to_owned()) };
    assert_eq!(page.connections[0].claims, claims);
    nango.stop().await;
}

#[actix_web::test]
async fn a_full_page_is_not_the_last_one() {
    let nango = StandIn::answering(|| {
        let full: Vec<_> = (0..100).map(|n| listed(n, "slack")).collect();
        HttpResponse::Ok().json(json!({ "connections": full }))
    });

    let page = of_both(&nango.url).list(&filter(None, None), 0).await.unwrap();

    assert_eq!((page.connections.len(), page.is_last), (0, false), "also where none of it is ours");
    nango.stop().await;
}

#[rstest]
#[case::no_list(|| HttpResponse::Ok().json(json!({ "data": [] })), "connections")]
#[case::no_id(
    || {
        let mut one = listed(1, "mail");
        one["connection_id"] = json!(7);
        HttpResponse::Ok().json(json!({ "connections": [one] }))
    },
    "connection_id"
)]
#[case::no_moment(
    || {
        let mut one = listed(1, "mail");
        one["created"] = json!("yesterday");
        HttpResponse::Ok().json(json!({ "connections": [one] }))
    },
    "created"
)]
#[actix_web::test]
async fn a_list_that_cannot_be_read_is_no_list(#[case] answer: fn() -> HttpResponse, #[case] member: &str) {
    let nango = StandIn::answering(answer);

    let error = of_both(&nango.url).list(&filter(None, None), 0).await.unwrap_err();

    let BrokerError::BadAnswer(source) = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains(member), "{source}");
    nango.stop().await;
}

#[rstest]
#[case::away(|| HttpResponse::ServiceUnavailable().finish(), true)]
#[case::our_key(|| HttpResponse::Unauthorized().json(json!({ "error": { "code": "unknown_account" } })), false)]
#[actix_web::test]
async fn a_list_that_nango_does_not_give_says_why(#[case] answer: fn() -> HttpResponse, #[case] is_transient: bool) {
    let nango = StandIn::answering(answer);

    let error = of_both(&nango.url).list(&filter(None, None), 0).await.unwrap_err();

    assert_eq!(error.is_transient(), is_transient, "{error:?}");
    nango.stop().await;
}
