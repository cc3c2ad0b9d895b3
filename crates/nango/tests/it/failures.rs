//! What each way to fail means to the caller, and what the log gets of it.

use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::net::TcpListener as AsyncListener;
use actix_web::{HttpResponse, HttpResponseBuilder, rt};
use cortex_connections::ports::{BrokerError, ConnectionBroker, OpenConnectSession};
use cortex_connections::testing::an_owner;
use cortex_kernel::{Provider, SystemClock};
use cortex_nango::{NangoClient, NangoConfig, NewNangoClientError};
use rstest::rstest;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::stand_in::{KEY, PATIENCE, StandIn, broker, config, open, tls};

/// What a caller does differently.
#[derive(Debug, PartialEq)]
enum Kind {
    Unauthorised,
    Throttled(Option<Duration>),
    Unavailable,
    BadAnswer,
}

/// The kind of the failure, and the whole chain as the log gets it.
async fn failure_of(answer: fn() -> HttpResponse) -> (Kind, String) {
    let nango = StandIn::answering(answer);
    let error = open(&broker(&nango.url, PATIENCE, None)).await.unwrap_err();
    nango.stop().await;
    told(&error)
}

fn told(error: &BrokerError) -> (Kind, String) {
    let kind = match error {
        BrokerError::Unauthorised(_) => Kind::Unauthorised,
        BrokerError::Throttled { retry_after } => Kind::Throttled(*retry_after),
        BrokerError::Unavailable(_) => Kind::Unavailable,
        BrokerError::BadAnswer(_) => Kind::BadAnswer,
    };
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        chain = format!("{chain}: {error}");
        source = error.source();
    }
    (kind, chain)
}

#[rstest]
#[case::unknown(|| complaining(401, "unknown_account"), "401 unknown_account: is NANGO_SECRET_KEY right")]
#[case::short_of_a_scope(|| complaining(403, "forbidden"), "403 forbidden: is NANGO_SECRET_KEY right")]
#[case::refused_with_a_page(|| page(401), "401: is NANGO_SECRET_KEY right")]
#[actix_web::test]
async fn a_key_that_is_refused_is_the_operators_business(#[case] answer: fn() -> HttpResponse, #[case] logged: &str) {
    expect(answer, Kind::Unauthorised, logged).await;
}

#[rstest]
#[case::by_seconds(|| throttled("57"), Some(Duration::from_secs(57)))]
#[case::for_ever(|| throttled(&u64::MAX.to_string()), Some(Duration::from_mins(10)))]
#[case::until_a_date(|| throttled("Mon, 02 Mar 2026 12:00:00 GMT"), None)]
#[case::without_a_word(|| HttpResponse::TooManyRequests().finish(), None)]
#[actix_web::test]
async fn a_wait_is_passed_on(#[case] answer: fn() -> HttpResponse, #[case] retry_after: Option<Duration>) {
    expect(answer, Kind::Throttled(retry_after), "asks us to wait").await;
}

#[rstest]
#[case::by_itself(|| complaining(500, "server_error"), "500 server_error")]
#[case::behind_a_gateway(|| page(502), "502")]
#[case::while_it_starts(|| HttpResponse::ServiceUnavailable().finish(), "503")]
#[actix_web::test]
async fn a_nango_that_fails_is_unavailable(#[case] answer: fn() -> HttpResponse, #[case] logged: &str) {
    expect(answer, Kind::Unavailable, logged).await;
}

#[rstest]
#[case::the_dashboard(|| page(200), "200")]
#[case::a_page_in_place_of_json(|| page(201), "is NANGO_HOST right")]
#[case::json_without_its_type(|| HttpResponse::Created().body(session()), "is NANGO_HOST right")]
#[case::another_success(|| HttpResponse::Ok().content_type("application/json").body(session()), "200")]
#[case::a_redirect(|| HttpResponse::Found().insert_header(("location", "/elsewhere")).finish(), "302")]
#[case::an_unknown_path(|| complaining(404, "not_found"), "404 not_found")]
#[case::over_the_plan(|| complaining(402, "plan_limit"), "402 plan_limit")]
#[case::an_unknown_integration(|| refusing("allowed_integrations"), r#"no integration "mail-of-google" for gmail"#)]
#[case::a_refused_address(|| refusing("webhook_url_override"), "400 invalid_body about webhook_url_override")]
#[case::a_cut_one(|| json_answer(&session()[..40]), "broken JSON")]
#[case::an_empty_one(|| json_answer(""), "broken JSON")]
#[case::two_in_one(|| json_answer(&session().repeat(2)), "broken JSON")]
#[case::one_without_end(|| json_answer(&(session() + &" ".repeat(1024 * 1024))), "too long")]
#[case::nothing_in_it(|| json_answer("{}"), "no usable")]
#[case::no_token(|| json_answer(&session_without("token")), "no usable `data`")]
#[case::no_link(|| json_answer(&session_without("connect_link")), "no usable `data`")]
#[case::no_end(|| json_answer(&session_without("expires_at")), "no usable `data`")]
#[case::an_empty_token(|| json_answer(&session_with("token", "")), "no usable `data.token`")]
#[case::a_link_that_is_none(|| json_answer(&session_with("connect_link", "/?t")), "no usable `data.connect_link`")]
#[case::an_end_that_is_none(|| json_answer(&session_with("expires_at", "soon")), "no usable `data.expires_at`")]
#[actix_web::test]
async fn an_answer_that_makes_no_sense_is_a_bad_one(#[case] answer: fn() -> HttpResponse, #[case] logged: &str) {
    expect(answer, Kind::BadAnswer, logged).await;
}

/// An answer of the wrong shape can hold a token in the wrong place, and a proxy can repeat what it was sent.
#[rstest]
#[case(|| json_answer(r#"{"data":"nango_connect_session_hush"}"#))]
#[case(|| json_answer(r#"{"data":{"token":{"nango_connect_session_hush":1}}}"#))]
#[case(|| json_answer(r#"{"data":{"token":"t","connect_link":"nango_connect_session_hush","expires_at":""}}"#))]
#[case(|| HttpResponse::Unauthorized().json(json!({ "error": { "code": KEY, "message": format!("hush {KEY}") } })))]
#[case(|| HttpResponse::BadRequest().json(json!({ "error": { "code": "hush!", "errors": [{ "path": [KEY] }] } })))]
#[case(|| HttpResponse::BadGateway().body(format!("Authorization: Bearer {KEY} hush")))]
#[actix_web::test]
async fn what_nango_answers_is_not_repeated(#[case] answer: fn() -> HttpResponse) {
    let (_, chain) = failure_of(answer).await;

    assert!(!chain.contains("hush") && !chain.contains(KEY), "{chain}");
}

#[actix_web::test]
async fn a_silent_nango_is_not_waited_for() {
    let nango = StandIn::silent();

    let error = open(&broker(&nango.url, Duration::from_millis(50), None)).await.unwrap_err();

    let (kind, chain) = told(&error);
    assert_eq!(kind, Kind::Unavailable, "{chain}");
    assert!(chain.contains("in time"), "{chain}");
    nango.stop().await;
}

#[actix_web::test]
async fn a_nango_that_is_away_is_unavailable() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();

    let error = open(&broker(&format!("http://{closed}").parse().unwrap(), PATIENCE, None)).await.unwrap_err();

    let (kind, chain) = told(&error);
    assert_eq!(kind, Kind::Unavailable, "{chain}");
    assert!(!chain.contains(KEY) && !chain.contains("/connect/sessions"), "{chain}");
}

#[actix_web::test]
async fn an_answer_that_breaks_off_is_unavailable() {
    let listener = AsyncListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let server = rt::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut begin = [0; 64];
        socket.read_exact(&mut begin).await.unwrap();
        let answer = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"data\":";
        socket.write_all(answer).await.unwrap();
    });

    let error = open(&broker(&host, PATIENCE, None)).await.unwrap_err();

    let (kind, chain) = told(&error);
    assert_eq!(kind, Kind::Unavailable, "{chain}");
    server.await.unwrap();
}

#[actix_web::test]
async fn a_provider_without_integration_is_refused_before_nango_is_asked() {
    let nobody = "http://127.0.0.1:9".parse().unwrap();
    let request = OpenConnectSession { owner: an_owner(), provider: Provider::QuickBooks };

    let error = broker(&nobody, PATIENCE, None).open_connect_session(&request).await.unwrap_err();

    let (kind, chain) = told(&error);
    assert_eq!(kind, Kind::BadAnswer, "{chain}");
    assert!(chain.contains("quickbooks is switched off"), "{chain}");
}

#[test]
fn the_key_is_not_told() {
    let config = config(&"http://127.0.0.1:9".parse().unwrap(), PATIENCE);
    let client = NangoClient::new(&config, tls(), Arc::new(SystemClock)).unwrap();

    let told = format!("{config:?} {client:?}");

    assert!(!told.contains(KEY), "{told}");
    assert!(told.contains("127.0.0.1"), "{told}");
}

#[test]
fn a_key_that_cannot_be_sent_is_refused_at_once() {
    let host = "http://127.0.0.1:9".parse().unwrap();
    let config = NangoConfig { secret_key: "two\nlines".into(), ..config(&host, PATIENCE) };

    let error = NangoClient::new(&config, tls(), Arc::new(SystemClock)).unwrap_err();

    assert!(matches!(error, NewNangoClientError::Key), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("lines"), "{error:?}");
}

async fn expect(answer: fn() -> HttpResponse, kind: Kind, logged: &str) {
    let (found, chain) = failure_of(answer).await;

    assert_eq!(found, kind, "{chain}");
    assert!(chain.contains(logged), "{chain}");
}

fn answer(status: u16) -> HttpResponseBuilder {
    HttpResponse::build(StatusCode::from_u16(status).unwrap())
}

fn page(status: u16) -> HttpResponse {
    answer(status).content_type("text/html").body("<!doctype html>")
}

fn complaining(status: u16, code: &str) -> HttpResponse {
    answer(status).json(json!({ "error": { "code": code, "message": "in so many words", "payload": {} } }))
}

fn refusing(member: &str) -> HttpResponse {
    let issue = json!({ "code": "custom", "message": "refused", "path": [member, "0"] });
    answer(400).json(json!({ "error": { "code": "invalid_body", "errors": [issue] } }))
}

fn throttled(retry_after: &str) -> HttpResponse {
    let body = json!({ "error": { "code": "too_many_request", "method": "POST", "path": "/connect/sessions" } });
    answer(429).insert_header(("retry-after", retry_after)).json(body)
}

fn json_answer(body: &str) -> HttpResponse {
    answer(201).content_type("application/json; charset=utf-8").body(body.to_owned())
}

/// The body of a session as it should be.
fn session() -> String {
    session_but(|_| {})
}

fn session_without(member: &str) -> String {
    session_but(|data| drop(data.remove(member)))
}

fn session_with(member: &str, value: &str) -> String {
    session_but(|data| drop(data.insert(member.to_owned(), value.into())))
}

fn session_but(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut data = json!({
        "token": "nango_connect_session_5ad1",
        "connect_link": "https://connect.example.com/?session_token=nango_connect_session_5ad1",
        "expires_at": "2026-03-02T12:30:00.982Z",
    });
    change(data.as_object_mut().unwrap());
    json!({ "data": data }).to_string()
}
