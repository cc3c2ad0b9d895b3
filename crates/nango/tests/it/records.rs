//! Reading records, page by page, and asking for more of them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use cortex_ingestion::model::{Cursor, Stream};
use cortex_ingestion::record_source::{RecordPage, RecordSource, RecordState, SourceError, SourceRecord};
use cortex_ingestion::testing::a_stream;
use cortex_kernel::{BrokerConnectionId, Provider};
use cortex_nango::NangoRecordSource;
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::stand_in::{PATIENCE, client};

/// What a call is answered.
#[derive(Clone)]
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: String,
}

/// A call, as far as these tests look at it: its path, its query by name, its headers and its body.
#[derive(Clone, Debug, Default)]
struct Call {
    path: String,
    query: BTreeMap<String, String>,
    raw_query: String,
    headers: BTreeMap<String, String>,
    body: Value,
}

/// A server that answers each call as `answer` decides.
struct Nango {
    url: Url,
    calls: Arc<Mutex<Vec<Call>>>,
    handle: ServerHandle,
}

impl Nango {
    fn answering(answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&calls), Arc::new(answer));
        let app = move || {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            let handler = move |request: HttpRequest, body: web::Bytes| {
                let call = Call::of(&request, &body);
                let answer = answer(&call);
                seen.lock().unwrap().push(call);
                async move { answer.response() }
            };
            App::new().default_service(web::to(handler))
        };
        let server = HttpServer::new(app).workers(1).bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]).parse().unwrap();
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Self { url, calls, handle }
    }

    /// A source of Gmail records, and of nobody else's.
    fn source(&self) -> NangoRecordSource {
        NangoRecordSource::new(client(&self.url, PATIENCE), [(Provider::Gmail, "mail-of-google".to_owned())].into())
    }

    /// The page after a cursor, and the calls that it took.
    async fn page(self, after: Option<&str>, limit: u16) -> (Result<RecordPage, SourceError>, Vec<Call>) {
        let page = self.source().read_page(&a_stream(), after.map(Cursor::new), limit).await;
        (page, self.stop().await)
    }

    async fn stop(self) -> Vec<Call> {
        self.handle.stop(false).await;
        self.calls.lock().unwrap().clone()
    }
}

impl Call {
    fn of(request: &HttpRequest, body: &[u8]) -> Self {
        let headers = request.headers().iter();
        Self {
            path: format!("{} {}", request.method(), request.path()),
            query: url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect(),
            raw_query: request.query_string().to_owned(),
            headers: headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(),
            body: serde_json::from_slice(body).unwrap_or_default(),
        }
    }

    fn limit(&self) -> u16 {
        self.query["limit"].parse().unwrap()
    }
}

impl Answer {
    fn response(self) -> HttpResponse {
        let mut response = HttpResponse::build(StatusCode::from_u16(self.status).unwrap());
        if let Some(seconds) = self.retry_after {
            response.insert_header(("retry-after", seconds.to_string()));
        }
        response.content_type("application/json; charset=utf-8").body(self.body)
    }
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer { status, retry_after: None, body: body.to_string() }
}

fn complaint(status: u16, code: &str) -> Answer {
    answer(status, &json!({ "error": { "code": code, "message": "in so many words" } }))
}

fn page(records: &[Value], next_cursor: Option<&str>) -> Answer {
    answer(200, &json!({ "records": records, "next_cursor": next_cursor }))
}

fn record(id: &str, action: &str, cursor: &str) -> Value {
    json!({
        "id": id,
        "subject": "Offer",
        "_nango_metadata": {
            "first_seen_at": "2026-03-02T12:00:00.50214+00:00",
            "last_modified_at": "2026-03-02T12:00:00.50214+00:00",
            "last_action": action,
            "deleted_at": null,
            "pruned_at": null,
            "cursor": cursor,
        },
    })
}

fn present(id: &str, cursor: &str) -> SourceRecord {
    let state = RecordState::Present(json!({ "id": id, "subject": "Offer" }));
    SourceRecord { cursor: Cursor::new(cursor), state }
}

#[actix_web::test]
async fn the_first_page_is_asked_for_by_connection_integration_and_model() {
    let nango = Nango::answering(|_| page(&[], None));

    let (answered, calls) = nango.page(None, 100).await;

    assert_eq!(answered.unwrap(), RecordPage::default());
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(call.path, "GET /records");
    let query = [("limit", "100"), ("model", "GmailEmail")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(call.query, query.into());
    assert_eq!(call.headers["connection-id"], "broker-1");
    assert_eq!(call.headers["provider-config-key"], "mail-of-google");
    assert!(call.headers["authorization"].starts_with("Bearer "));
}

#[actix_web::test]
async fn a_cursor_is_sent_as_it_came() {
    let cursor = "Mj+/Ay==";

    let (_, calls) = Nango::answering(|_| page(&[], None)).page(Some(cursor), 1).await;

    assert_eq!(calls[0].query["cursor"], cursor);
    assert!(calls[0].raw_query.contains("cursor=Mj%2B%2FAy%3D%3D"), "{}", calls[0].raw_query);
}

#[actix_web::test]
async fn a_variant_is_named_where_there_is_one() {
    let nango = Nango::answering(|_| page(&[], None));
    let stream = Stream { variant: "archive".to_owned(), ..a_stream() };

    nango.source().read_page(&stream, None, 1).await.unwrap();

    assert_eq!(nango.stop().await[0].query["variant"], "archive");
}

#[actix_web::test]
async fn records_are_told_apart_by_what_became_of_them() {
    let pruned = |mut record: Value| {
        record["_nango_metadata"]["pruned_at"] = json!("2026-03-02T12:00:00+00:00");
        record
    };
    let records = [
        record("m1", "ADDED", "c1"),
        record("m2", "UPDATED", "c2"),
        record("m3", "DELETED", "c3"),
        pruned(record("m4", "ADDED", "c4")),
    ];
    let nango = Nango::answering(move |_| page(&records, Some("c4")));

    let (answered, _) = nango.page(None, 4).await;

    let deleted = RecordState::Deleted { id: "m3".to_owned() };
    let expected = [
        present("m1", "c1"),
        present("m2", "c2"),
        SourceRecord { cursor: Cursor::new("c3"), state: deleted },
        SourceRecord { cursor: Cursor::new("c4"), state: RecordState::Pruned },
    ];
    assert_eq!(answered.unwrap(), RecordPage { records: expected.into(), has_more: true });
}

#[actix_web::test]
async fn a_page_that_is_too_long_is_asked_for_again_with_fewer_records() {
    // Three are more than a page may have, and one is not: no more bytes than that takes.
    let long = "x".repeat(6 * 1024 * 1024);
    let nango = Nango::answering(move |call| {
        let records: Vec<_> = (1..=call.limit())
            .map(|n| {
                let mut record = record("m", "ADDED", &format!("c{n}"));
                record["subject"] = json!(long);
                record
            })
            .collect();
        page(&records, Some("more"))
    });

    let (answered, calls) = nango.page(None, 3).await;

    assert_eq!(calls.iter().map(Call::limit).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(answered.unwrap().records.len(), 1);
}

#[actix_web::test]
async fn a_cursor_that_fails_while_the_first_page_works_is_lost() {
    let nango = Nango::answering(|call| match call.query.get("cursor") {
        Some(_) => complaint(500, "server_error"),
        None => page(&[], None),
    });

    let (answered, calls) = nango.page(Some("lost"), 100).await;

    assert!(matches!(answered, Err(SourceError::CursorLost)), "{answered:?}");
    let asked: Vec<_> = calls.iter().map(|call| (call.query.contains_key("cursor"), call.limit())).collect();
    assert_eq!(asked, [(true, 100), (true, 100), (true, 100), (false, 1)]);
}

#[rstest]
#[case::the_server(500, 4)]
#[case::a_gateway(502, 1)]
#[actix_web::test]
async fn a_nango_that_fails_for_every_page_is_unavailable(#[case] status: u16, #[case] calls: usize) {
    let nango = Nango::answering(move |_| complaint(status, "server_error"));

    let (answered, asked) = nango.page(Some("cursor"), 100).await;

    assert!(matches!(answered, Err(SourceError::Unavailable(_))), "{answered:?}");
    assert_eq!(asked.len(), calls);
}

#[actix_web::test]
async fn a_failure_that_passes_is_none() {
    let failures = Mutex::new(2);
    let nango = Nango::answering(move |_| {
        let mut left = failures.lock().unwrap();
        if *left == 0 {
            return page(&[record("m1", "ADDED", "c1")], None);
        }
        *left -= 1;
        complaint(500, "server_error")
    });

    let (answered, _) = nango.page(Some("cursor"), 100).await;

    assert_eq!(answered.unwrap().records, [present("m1", "c1")]);
}

/// What a caller does differently.
#[derive(Debug, PartialEq)]
enum Kind {
    Unauthorised,
    NeedsReauthorization,
    Throttled(Option<Duration>),
    Unavailable,
    CursorLost,
    BadAnswer,
}

fn kind(error: &SourceError) -> Kind {
    match error {
        SourceError::Unauthorised(_) => Kind::Unauthorised,
        SourceError::NeedsReauthorization(_) => Kind::NeedsReauthorization,
        SourceError::Throttled { retry_after } => Kind::Throttled(*retry_after),
        SourceError::Unavailable(_) => Kind::Unavailable,
        SourceError::CursorLost => Kind::CursorLost,
        SourceError::BadAnswer(_) => Kind::BadAnswer,
    }
}

#[rstest]
#[case::our_key(complaint(401, "unknown_account"), Kind::Unauthorised)]
#[case::our_scopes(complaint(403, "forbidden"), Kind::Unauthorised)]
#[case::refused_credentials(complaint(424, "server_error"), Kind::NeedsReauthorization)]
#[case::refused_credentials_by_name(complaint(400, "invalid_credentials"), Kind::NeedsReauthorization)]
#[case::too_often(
    Answer { retry_after: Some(57), ..complaint(429, "too_many_request") },
    Kind::Throttled(Some(Duration::from_secs(57)))
)]
#[case::away(complaint(503, "server_error"), Kind::Unavailable)]
#[case::failing(complaint(500, "server_error"), Kind::Unavailable)]
#[case::an_unknown_connection(complaint(400, "unknown_connection"), Kind::BadAnswer)]
#[case::no_records(answer(200, &json!({ "next_cursor": null })), Kind::BadAnswer)]
#[case::no_objects(answer(200, &json!({ "records": ["m1"], "next_cursor": null })), Kind::BadAnswer)]
#[case::no_metadata(page(&[json!({ "id": "m1" })], None), Kind::BadAnswer)]
#[case::no_cursor(page(&[record("m1", "ADDED", "")], None), Kind::BadAnswer)]
#[case::no_id_of_what_is_gone(page(&[without_id(record("m1", "DELETED", "c1"))], None), Kind::BadAnswer)]
#[actix_web::test]
async fn what_cannot_be_read_says_what_to_do(#[case] answer: Answer, #[case] expected: Kind) {
    let (answered, _) = Nango::answering(move |_| answer.clone()).page(None, 100).await;

    assert_eq!(kind(&answered.unwrap_err()), expected);
}

fn without_id(mut record: Value) -> Value {
    record.as_object_mut().unwrap().remove("id");
    record
}

#[actix_web::test]
async fn records_of_a_provider_without_integration_are_not_asked_for() {
    let nango = Nango::answering(|_| page(&[], None));
    let stream = Stream { provider: Provider::Outlook, ..a_stream() };

    let answered = nango.source().read_page(&stream, None, 1).await;

    assert_eq!(kind(&answered.unwrap_err()), Kind::BadAnswer);
    assert!(nango.stop().await.is_empty());
}

#[actix_web::test]
async fn a_fetch_is_asked_for_of_all_syncs_of_the_connection() {
    let nango = Nango::answering(|_| answer(200, &json!({ "success": true })));

    nango.source().request_fetch(Provider::Gmail, &BrokerConnectionId::new("broker-1")).await.unwrap();

    let calls = nango.stop().await;
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(call.path, "POST /sync/trigger");
    assert_eq!(call.body, json!({ "provider_config_key": "mail-of-google", "connection_id": "broker-1", "syncs": [] }));
}

#[rstest]
#[case::refused_credentials(complaint(424, "connection_refresh_backoff"), Kind::NeedsReauthorization)]
#[case::too_often(complaint(429, "too_many_request"), Kind::Throttled(None))]
#[case::away(complaint(500, "generic_error_support"), Kind::Unavailable)]
#[case::an_unknown_connection(complaint(404, "unknown_connection"), Kind::BadAnswer)]
#[case::not_taken(answer(200, &json!({ "success": false })), Kind::BadAnswer)]
#[actix_web::test]
async fn a_fetch_that_is_not_taken_says_what_to_do(#[case] answer: Answer, #[case] expected: Kind) {
    let nango = Nango::answering(move |_| answer.clone());

    let answered = nango.source().request_fetch(Provider::Gmail, &BrokerConnectionId::new("broker-1")).await;

    assert_eq!(kind(&answered.unwrap_err()), expected);
    nango.stop().await;
}
