//! Contents fetched through the proxy: the questions in each provider's words, the bounds, and what refusals mean.

use std::error::Error as _;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use cortex_ingestion::content_source::{ContentError, ContentSource, Fetched, Wanted};
use cortex_kernel::{BrokerConnectionId, Clock as _, Provider, SystemClock};
use cortex_nango::NangoContentSource;
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::stand_in::{PATIENCE, StandIn, client};

const MOST: u64 = 1_000;

fn contents(host: &Url) -> NangoContentSource {
    let keys = Provider::ALL.map(|provider| (provider, format!("the {provider} one")));
    NangoContentSource::new(client(host, PATIENCE), keys.into())
}

async fn fetch(host: &Url, provider: Provider, wanted: &Wanted) -> Result<Fetched, ContentError> {
    contents(host).fetch(provider, &BrokerConnectionId::new("c-1"), wanted, MOST).await
}

/// What fetching comes to where Nango answers this.
async fn fetched(
    answer: impl Fn() -> HttpResponse + Send + Sync + 'static,
    provider: Provider,
    wanted: &Wanted,
) -> Result<Fetched, ContentError> {
    let nango = StandIn::deciding(Duration::ZERO, move |_| answer());
    let fetched = fetch(&nango.url, provider, wanted).await;
    nango.stop().await;
    fetched
}

fn a_file() -> Wanted {
    Wanted::DriveFile { id: "f-1".to_owned() }
}

fn a_message() -> Wanted {
    Wanted::GmailMessage { id: "m-1".to_owned() }
}

fn an_attachment() -> Wanted {
    Wanted::GmailAttachment { message_id: "m-1".to_owned(), id: "a-1".to_owned() }
}

#[rstest]
#[case::gmail_message(
    Provider::Gmail,
    a_message(),
    "/proxy/gmail/v1/users/me/messages/m-1?format=full",
    "application/json"
)]
#[case::gmail_attachment(
    Provider::Gmail,
    an_attachment(),
    "/proxy/gmail/v1/users/me/messages/m-1/attachments/a-1",
    "application/json"
)]
#[case::outlook_message(
    Provider::Outlook,
    Wanted::OutlookMessage { id: "AAMk/x=".to_owned() },
    "/proxy/v1.0/me/messages/AAMk%2Fx=?\
     %24expand=attachments%28%24select%3Did%2Cname%2CcontentType%2Csize%2CisInline%29",
    "application/json"
)]
#[case::outlook_attachment(
    Provider::Outlook,
    Wanted::OutlookAttachment { message_id: "m/1".to_owned(), id: "a?1".to_owned() },
    "/proxy/v1.0/me/messages/m%2F1/attachments/a%3F1/$value",
    "*/*"
)]
#[case::drive_file(
    Provider::GoogleDrive,
    a_file(),
    "/proxy/drive/v3/files/f-1?alt=media&supportsAllDrives=true",
    "*/*"
)]
#[case::drive_export(
    Provider::GoogleDrive,
    Wanted::DriveExport { id: "f/../x".to_owned(), mime_type: "text/plain" },
    "/proxy/drive/v3/files/f%2F..%2Fx/export?mimeType=text%2Fplain",
    "*/*"
)]
#[actix_web::test]
async fn each_content_is_asked_for_in_its_providers_words(
    #[case] provider: Provider,
    #[case] wanted: Wanted,
    #[case] target: &str,
    #[case] accept: &str,
) {
    const BODY: &str = r#"{"id": "m-1", "data": "QUJD"}"#;
    let nango = StandIn::answering(|| answer(200).content_type("application/json").body(BODY));

    let fetched = fetch(&nango.url, provider, &wanted).await.unwrap();

    let asked = nango.asked_once();
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", target));
    assert_eq!(asked.headers["provider-config-key"], format!("the {provider} one"));
    assert_eq!(asked.headers["connection-id"], "c-1");
    assert_eq!(asked.headers["nango-proxy-accept"], accept);
    match (wanted, fetched) {
        (Wanted::GmailMessage { .. } | Wanted::OutlookMessage { .. }, Fetched::Resource(resource)) => {
            assert_eq!(resource["id"], "m-1");
        }
        (Wanted::GmailAttachment { .. }, Fetched::Bytes(bytes)) => assert_eq!(bytes, "ABC"),
        // As they came, whatever they are.
        (_, Fetched::Bytes(bytes)) => assert_eq!(bytes, BODY),
        (_, Fetched::Resource(_)) => panic!("bytes were asked for"),
    }
    nango.stop().await;
}

#[rstest]
#[case::none("")]
#[case::here(".")]
#[case::above("..")]
#[actix_web::test]
async fn an_id_that_is_no_part_of_a_path_is_not_asked_for(#[case] id: &str) {
    let nobody = "http://127.0.0.1:9".parse().unwrap();

    let fetched = fetch(&nobody, Provider::GoogleDrive, &Wanted::DriveFile { id: id.to_owned() }).await;

    assert!(matches!(fetched, Err(ContentError::Refused(_))), "{fetched:?}");
}

#[rstest]
#[case::padded(URL_SAFE.encode([0xff; 1000]))]
#[case::not_padded(URL_SAFE_NO_PAD.encode([0xff; 1000]))]
#[actix_web::test]
async fn bytes_in_json_come_out_whole_up_to_the_bound(#[case] data: String) {
    let body = json!({ "size": 1000, "data": data });

    let fetched = fetched(move || answer(200).json(&body), Provider::Gmail, &an_attachment()).await.unwrap();

    assert_eq!(fetched, Fetched::Bytes(vec![0xff; 1000].into()));
}

#[rstest]
#[case::by_one(1001)]
#[case::by_far(100_000)]
#[actix_web::test]
async fn what_is_over_the_bound_is_too_large(#[case] size: usize, #[values(true, false)] says_so: bool) {
    let body = "x".repeat(size);
    let encoded = json!({ "data": URL_SAFE.encode(&body) });
    let file = move || {
        if says_so {
            return answer(200).content_type("application/pdf").body(body.clone());
        }
        let bytes = body.clone().into_bytes();
        let pieces = bytes.chunks(97).map(|piece| Ok::<_, std::io::Error>(piece.to_vec().into()));
        answer(200).streaming(futures_util::stream::iter(pieces.collect::<Vec<_>>()))
    };

    for (answer, wanted) in [
        (fetched(file, Provider::GoogleDrive, &a_file()).await, a_file()),
        (fetched(move || answer(200).json(&encoded), Provider::Gmail, &an_attachment()).await, an_attachment()),
    ] {
        assert!(matches!(answer, Err(ContentError::TooLarge)), "{wanted:?}: {answer:?}");
    }
}

#[actix_web::test]
async fn what_is_just_within_the_bound_is_had() {
    let fetched = fetched(|| answer(200).body("x".repeat(1000)), Provider::GoogleDrive, &a_file()).await.unwrap();

    assert_eq!(fetched, Fetched::Bytes("x".repeat(1000).into()));
}

#[rstest]
#[case::a_page(|| answer(200).content_type("text/html").body("<!doctype html>"), a_message())]
#[case::cut(|| answer(200).content_type("application/json").body("{\"id\":"), a_message())]
#[case::a_list(|| answer(200).json(json!([])), a_message())]
#[case::no_data(|| answer(200).json(json!({ "size": 3 })), an_attachment())]
#[case::no_base64(|| answer(200).json(json!({ "data": "§" })), an_attachment())]
#[actix_web::test]
async fn nonsense_may_be_better_later(#[case] answer: fn() -> HttpResponse, #[case] wanted: Wanted) {
    let fetched = fetched(answer, Provider::Gmail, &wanted).await;

    assert!(matches!(fetched, Err(ContentError::Unavailable(_))), "{fetched:?}");
}

/// As the proxy answers, in the provider's name and in Nango's own.
#[rstest]
#[case::not_let_in(401, json!({ "code": 401, "message": "hush", "status": "UNAUTHENTICATED" }), "reauthorize")]
#[case::not_let_in_by_microsoft(401, json!({ "code": "InvalidAuthenticationToken" }), "reauthorize")]
#[case::token_not_renewed(424, json!({ "code": "connection_refresh_backoff" }), "reauthorize")]
#[case::token_given_up(424, json!({ "code": "server_error" }), "reauthorize")]
#[case::token_refused(400, json!({ "code": "invalid_credentials" }), "reauthorize")]
#[case::token_just_failed(400, json!({ "code": "server_error" }), "unavailable")]
#[case::our_key(401, json!({ "code": "unknown_account" }), "unauthorised")]
#[case::our_scope(403, json!({ "code": "forbidden" }), "unauthorised")]
#[case::provider_asks_to_wait(429, json!({ "code": 429, "status": "RESOURCE_EXHAUSTED" }), "throttled")]
#[case::nango_asks_to_wait(429, json!({ "code": "too_many_request" }), "throttled")]
#[case::rate_of_a_person(403, json!({ "code": 403, "errors": [{ "reason": "userRateLimitExceeded" }] }), "throttled")]
#[case::rate(403, json!({ "code": 403, "errors": [{ "reason": "rateLimitExceeded" }] }), "throttled")]
#[case::export_too_large(403, json!({ "code": 403, "errors": [{ "reason": "exportSizeLimitExceeded" }] }), "too large")]
#[case::forbidden(403, json!({ "code": 403, "errors": [{ "reason": "cannotDownloadFile" }] }), "refused")]
#[case::forbidden_by_microsoft(403, json!({ "code": "ErrorAccessDenied" }), "refused")]
#[case::absent(404, json!({ "code": 404, "status": "NOT_FOUND" }), "refused")]
#[case::gone(410, json!({ "code": "ErrorItemNotFound" }), "refused")]
#[case::odd_question(400, json!({ "code": 400, "status": "INVALID_ARGUMENT" }), "refused")]
#[case::no_integration(404, json!({ "code": "unknown_provider_config" }), "unavailable")]
#[case::plan(402, json!({ "code": "plan_limit" }), "unavailable")]
#[case::failing(500, json!({ "code": 500, "message": "hush" }), "unavailable")]
#[case::nango_failing(500, json!({ "code": "server_error" }), "unavailable")]
#[case::behind_a_gateway(503, json!("hush"), "unavailable")]
#[actix_web::test]
async fn a_refusal_is_told_by_who_refuses_and_why(#[case] status: u16, #[case] error: Value, #[case] expected: &str) {
    let body = json!({ "error": error });
    let answer = move || answer(status).insert_header(("Retry-After", "7")).json(&body);

    let error = fetched(answer, Provider::GoogleDrive, &a_file()).await.unwrap_err();

    let told = match &error {
        ContentError::Unauthorised(_) => "unauthorised",
        ContentError::NeedsReauthorization(_) => "reauthorize",
        ContentError::Throttled { retry_after } => {
            assert_eq!(*retry_after, Some(Duration::from_secs(7)));
            "throttled"
        }
        ContentError::Unavailable(_) => "unavailable",
        ContentError::Refused(_) => "refused",
        ContentError::TooLarge => "too large",
    };
    assert_eq!(told, expected, "{error:?}");
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(!source.contains("hush"), "{source}");
}

#[actix_web::test]
async fn a_refusal_without_a_body_is_told_by_its_status() {
    let error = fetched(|| answer(404).finish(), Provider::GoogleDrive, &a_file()).await.unwrap_err();

    assert!(matches!(error, ContentError::Refused(_)), "{error:?}");
}

#[actix_web::test]
async fn a_nango_that_is_away_may_be_back_later() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let fetched = fetch(&format!("http://{closed}").parse().unwrap(), Provider::GoogleDrive, &a_file()).await;

    assert!(matches!(fetched, Err(ContentError::Unavailable(_))), "{fetched:?}");
}

#[actix_web::test]
async fn a_provider_that_is_switched_off_is_not_asked() {
    let nobody: Url = "http://127.0.0.1:9".parse().unwrap();
    let contents = NangoContentSource::new(client(&nobody, PATIENCE), [].into());

    let fetched = contents.fetch(Provider::Gmail, &BrokerConnectionId::new("c-1"), &a_message(), MOST).await;

    assert!(matches!(fetched, Err(ContentError::Unavailable(_))), "{fetched:?}");
}

/// Nobody waits for contents: they leave the rest of the limit to people.
#[actix_web::test]
async fn beyond_the_share_of_nangos_limit_nothing_is_asked() {
    let reset = (SystemClock.now() + Duration::from_secs(30)).unix_timestamp();
    let nango = StandIn::deciding(Duration::ZERO, move |_| {
        answer(200)
            .insert_header(("X-RateLimit-Limit", "100"))
            .insert_header(("X-RateLimit-Remaining", "10"))
            .insert_header(("X-RateLimit-Reset", reset.to_string()))
            .body("text")
    });
    let contents = contents(&nango.url);
    let fetch = async || contents.fetch(Provider::Gmail, &BrokerConnectionId::new("c-1"), &a_file(), MOST).await;

    fetch().await.unwrap();
    let refused = fetch().await;

    assert!(matches!(refused, Err(ContentError::Throttled { retry_after: Some(_) })), "{refused:?}");
    nango.asked_once();
    nango.stop().await;
}

fn answer(status: u16) -> HttpResponseBuilder {
    HttpResponse::build(StatusCode::from_u16(status).unwrap())
}
