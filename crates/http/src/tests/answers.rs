//! What every answer carries, and the line that tells of it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT_ENCODING;
use actix_web::test::{self, TestRequest};
use rstest::rstest;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::{MADE_ID, assert_secured, edge, header, trial, trials};
use crate::app_over;

#[rstest]
#[case::sane("trace-0001.A_b", true)]
#[case::shortest("12345678", true)]
#[case::too_short("1234567", false)]
#[case::longest(&"x".repeat(128), true)]
#[case::too_long(&"x".repeat(129), false)]
#[case::other_signs("1234 5678", false)]
#[case::markup("<b>12345678</b>", false)]
#[actix_web::test]
async fn a_sane_request_id_is_taken_over(#[case] given: &str, #[case] taken: bool) {
    let response = trial(TestRequest::get().uri("/nowhere").insert_header(("X-Request-Id", given))).await;

    let expected = if taken { given } else { MADE_ID };
    assert_eq!(header(response.headers(), "x-request-id"), Some(expected));
    let body: Value = test::read_body_json(response).await;
    assert_eq!(body["instance"], format!("urn:request:{expected}"));
}

#[actix_web::test]
async fn successes_are_secured_as_well() {
    let response = trial(TestRequest::get().uri("/numbers/7")).await;

    assert_eq!(response.status(), StatusCode::OK);
    assert_secured(response.headers());
    assert_eq!(header(response.headers(), "cache-control"), Some("no-store"));
    assert_eq!(header(trial(TestRequest::get().uri("/kept")).await.headers(), "cache-control"), Some("max-age=60"));
}

#[rstest]
#[case(true, Some("max-age=31536000"))]
#[case(false, None)]
#[actix_web::test]
async fn strict_transport_is_asked_for_where_it_is_set(#[case] strict: bool, #[case] expected: Option<&str>) {
    let app = test::init_service(app_over(edge(strict), trials)).await;
    for path in ["/large", "/nowhere"] {
        let response = test::call_service(&app, TestRequest::get().uri(path).to_request()).await;
        assert_eq!(header(response.headers(), "strict-transport-security"), expected);
    }
}

#[actix_web::test]
async fn answers_are_compressed_but_not_event_streams() {
    let large = trial(TestRequest::get().uri("/large").insert_header((ACCEPT_ENCODING, "gzip"))).await;
    let events = trial(TestRequest::get().uri("/events").insert_header((ACCEPT_ENCODING, "gzip"))).await;

    assert_eq!(header(large.headers(), "content-encoding"), Some("gzip"));
    assert!(test::read_body(large).await.starts_with(&[0x1f, 0x8b]));
    assert_eq!(header(events.headers(), "content-encoding"), None);
    assert!(test::read_body(events).await.starts_with(b"data: 1"));
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[actix_web::test]
async fn the_causes_of_a_failure_are_logged_once_with_the_id_of_the_request() {
    let captured = Captured::default();
    // As quiet as can be: the id must be there nevertheless.
    let subscriber = tracing_subscriber::fmt()
        .with_writer(captured.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::ERROR)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    trial(TestRequest::get().uri("/broken?token=hidden")).await;

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert_eq!(log.matches("password hush refused by 10.0.0.7").count(), 1, "{log}");
    assert!(log.contains(&format!("request.id={MADE_ID}")) && log.contains("http.path=\"/broken\""), "{log}");
    assert!(log.contains("http.status=500") && !log.contains("hidden"), "{log}");
}
