//! Whose account it is, asked at each provider, and what stands for "it does not say".

use std::error::Error as _;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use cortex_connections::model::{BrokerConnection, BrokerReference, ProviderAccount};
use cortex_connections::ports::{BrokerError, ProviderAccounts, WhoAmIError};
use cortex_connections::testing::a_broker_connection;
use cortex_kernel::{BrokerConnectionId, Provider};
use cortex_nango::NangoProviderAccounts;
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::stand_in::{PATIENCE, StandIn, client};

fn accounts(host: &Url, timeout: Duration) -> NangoProviderAccounts {
    let keys = Provider::ALL.map(|provider| (provider, format!("the {provider} one")));
    NangoProviderAccounts::new(client(host, timeout), keys.into())
}

fn a_connection(provider: Provider) -> BrokerConnection {
    let realm_id = (provider == Provider::QuickBooks).then(|| "4620816365".to_owned());
    let reference = BrokerReference { provider, id: BrokerConnectionId::new("c-1") };
    BrokerConnection { reference, realm_id, ..a_broker_connection() }
}

async fn asked(answer: fn() -> HttpResponse, provider: Provider) -> Result<ProviderAccount, WhoAmIError> {
    let nango = StandIn::answering(answer);
    let account = accounts(&nango.url, PATIENCE).who_am_i(&a_connection(provider)).await;
    nango.stop().await;
    account
}

fn account(id: Option<&str>, email: Option<&str>) -> ProviderAccount {
    ProviderAccount { id: id.map(ToOwned::to_owned), email: email.map(|email| email.parse().unwrap()) }
}

#[rstest]
#[case::gmail(
    Provider::Gmail,
    || HttpResponse::Ok().json(json!({ "emailAddress": "Me@example.com", "messagesTotal": 7, "historyId": "99" })),
    "/proxy/gmail/v1/users/me/profile",
    account(None, Some("me@example.com"))
)]
#[case::outlook(
    Provider::Outlook,
    || HttpResponse::Ok().json(json!({ "id": "48d3", "mail": "me@example.com", "userPrincipalName": "x@example.com" })),
    "/proxy/v1.0/me",
    account(Some("48d3"), Some("me@example.com"))
)]
#[case::outlook_without_mail(
    Provider::Outlook,
    || HttpResponse::Ok().json(json!({ "id": "48d3", "mail": null, "userPrincipalName": "x@example.com" })),
    "/proxy/v1.0/me",
    account(Some("48d3"), Some("x@example.com"))
)]
#[case::drive(
    Provider::GoogleDrive,
    || HttpResponse::Ok().json(json!({ "user": { "permissionId": "0731", "emailAddress": "me@example.com" } })),
    "/proxy/drive/v3/about?fields=user",
    account(Some("0731"), Some("me@example.com"))
)]
#[case::quickbooks(
    Provider::QuickBooks,
    || HttpResponse::Ok().json(json!({ "CompanyInfo": { "Id": "1", "Email": { "Address": "books@example.com" } } })),
    "/proxy/v3/company/4620816365/companyinfo/4620816365",
    account(Some("4620816365"), Some("books@example.com"))
)]
#[case::quickbooks_without_address(
    Provider::QuickBooks,
    || HttpResponse::Ok().json(json!({ "CompanyInfo": { "Id": "1" } })),
    "/proxy/v3/company/4620816365/companyinfo/4620816365",
    account(Some("4620816365"), None)
)]
#[actix_web::test]
async fn each_provider_is_asked_in_its_own_words(
    #[case] provider: Provider,
    #[case] answer: fn() -> HttpResponse,
    #[case] target: &str,
    #[case] expected: ProviderAccount,
) {
    let nango = StandIn::answering(answer);

    let account = accounts(&nango.url, PATIENCE).who_am_i(&a_connection(provider)).await.unwrap();

    assert_eq!(account, expected);
    let asked = nango.asked_once();
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", target));
    assert_eq!(asked.headers["provider-config-key"], format!("the {provider} one"));
    assert_eq!(asked.headers["connection-id"], "c-1");
    assert_eq!(asked.headers["nango-proxy-accept"], "application/json");
    nango.stop().await;
}

/// The provider's own refusals, and Nango's for want of a token that works.
#[rstest]
#[case::no_longer_let_in(|| json_answer(401, &json!({ "code": 401, "status": "UNAUTHENTICATED" })), "gmail answered 401")]
#[case::in_words_of_its_own(|| json_answer(401, &json!({ "code": "InvalidAuthenticationToken" })), "401")]
#[case::scope_missing(|| json_answer(403, &json!({ "code": 403, "status": "PERMISSION_DENIED" })), "403")]
#[case::asked_too_often(|| json_answer(429, &json!({ "code": 429 })), "429")]
#[case::failing(|| json_answer(500, &json!({ "code": 500, "message": "hush" })), "500")]
#[case::away(|| answer(500).json(json!({ "message": "connect hush", "code": "ECONNREFUSED" })), "500")]
#[case::behind_a_gateway(|| page(503), "503")]
#[case::token_not_renewed(|| json_answer(424, &json!({ "code": "connection_refresh_backoff" })), "424")]
#[case::token_given_up(|| json_answer(424, &json!({ "code": "server_error" })), "424")]
#[case::token_just_failed(|| json_answer(400, &json!({ "code": "server_error", "message": "hush" })), "400")]
#[case::no_account(|| answer(200).json(json!({ "messagesTotal": 7 })), "names no account")]
#[case::no_address(|| answer(200).json(json!({ "emailAddress": "hush" })), "names no account")]
#[case::a_page(|| page(200), "not JSON")]
#[actix_web::test]
async fn a_provider_that_does_not_say_is_unreadable(#[case] answer: fn() -> HttpResponse, #[case] logged: &str) {
    let error = asked(answer, Provider::Gmail).await.unwrap_err();

    assert!(matches!(error, WhoAmIError::Unreadable(_)), "{error:?}");
    let source = error.source().unwrap().to_string();
    assert!(source.contains(logged) && !source.contains("hush"), "{source}");
}

#[actix_web::test]
async fn a_provider_that_does_not_answer_in_time_is_unreadable() {
    let nango = StandIn::silent();

    let asked = accounts(&nango.url, Duration::from_millis(50)).who_am_i(&a_connection(Provider::Gmail)).await;

    assert!(matches!(asked, Err(WhoAmIError::Unreadable(_))), "{asked:?}");
    nango.stop().await;
}

#[actix_web::test]
async fn without_a_realm_quickbooks_is_not_asked() {
    let nobody = accounts(&"http://127.0.0.1:9".parse().unwrap(), PATIENCE);
    let connection = BrokerConnection { realm_id: None, ..a_connection(Provider::QuickBooks) };

    let asked = nobody.who_am_i(&connection).await;

    assert!(matches!(asked, Err(WhoAmIError::Unreadable(_))), "{asked:?}");
}

#[rstest]
#[case::unknown(|| json_answer(401, &json!({ "code": "unknown_account" })))]
#[case::short_of_a_scope(|| json_answer(403, &json!({ "code": "forbidden" })))]
#[actix_web::test]
async fn a_key_that_nango_refuses_says_nothing_of_the_account(#[case] answer: fn() -> HttpResponse) {
    let error = asked(answer, Provider::Gmail).await.unwrap_err();

    assert!(matches!(error, WhoAmIError::Broker(BrokerError::Unauthorised(_))), "{error:?}");
}

#[actix_web::test]
async fn nangos_own_failures_say_nothing_of_the_account() {
    let error = asked(|| json_answer(429, &json!({ "code": "too_many_request" })), Provider::Gmail).await.unwrap_err();
    assert!(matches!(error, WhoAmIError::Broker(BrokerError::Throttled { .. })), "{error:?}");
    let error = asked(|| json_answer(500, &json!({ "code": "server_error" })), Provider::Gmail).await.unwrap_err();
    assert!(matches!(error, WhoAmIError::Broker(BrokerError::Unavailable(_))), "{error:?}");
    let unknown = || json_answer(404, &json!({ "code": "unknown_provider_config" }));
    let error = asked(unknown, Provider::Gmail).await.unwrap_err();
    assert!(matches!(error, WhoAmIError::Broker(BrokerError::BadAnswer(_))), "{error:?}");
}

#[actix_web::test]
async fn a_nango_that_is_away_says_nothing_of_the_account() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let host = format!("http://{closed}").parse().unwrap();
    let asked = accounts(&host, PATIENCE).who_am_i(&a_connection(Provider::Gmail)).await;

    assert!(matches!(asked, Err(WhoAmIError::Broker(BrokerError::Unavailable(_)))), "{asked:?}");
}

fn answer(status: u16) -> HttpResponseBuilder {
    HttpResponse::build(StatusCode::from_u16(status).unwrap())
}

fn page(status: u16) -> HttpResponse {
    answer(status).content_type("text/html").body("<!doctype html>")
}

fn json_answer(status: u16, error: &Value) -> HttpResponse {
    answer(status).json(json!({ "error": error }))
}
