//! Which web sites may call, and what their pages get to see.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{self, TestRequest};
use cortex_identity::model::Role;
use cortex_identity::testing::attempt_counters::InMemoryAttemptCounters;
use rstest::rstest;

use super::stage::{as_role, services};
use super::{assert_secured, edge, header, post, problem_of, settings, trials};
use crate::edge::Edge;
use crate::problem::ProblemKind;
use crate::rate_limit::{RateLimiter, RateLimits};
use crate::{MAX_BODY_BYTES, Services, Settings, app, app_over};

const OURS: &str = "https://app.example.com";
const ALSO_OURS: &str = "http://localhost:3000";
const FOREIGN: &str = "https://app.example.com.evil.example";

fn open_to_ours() -> Settings {
    Settings { cors_origins: Arc::new([OURS.to_owned(), ALSO_OURS.to_owned()]), ..settings(true) }
}

async fn call(services: Services, request: TestRequest) -> ServiceResponse<impl MessageBody> {
    let app = test::init_service(app(services, open_to_ours())).await;
    test::call_service(&app, request.to_request()).await
}

fn preflight(path: &str, method: &str) -> TestRequest {
    TestRequest::with_uri(path)
        .method(Method::OPTIONS)
        .insert_header(("Access-Control-Request-Method", method.to_owned()))
        .insert_header(("Access-Control-Request-Headers", "authorization,content-type"))
}

fn from_page(origin: &str, request: TestRequest) -> TestRequest {
    request.insert_header(("Origin", origin.to_owned()))
}

/// What stands in a header as a list, in lower case.
fn listed(headers: &HeaderMap, name: &str) -> BTreeSet<String> {
    header(headers, name).unwrap_or_default().split(',').map(|entry| entry.trim().to_lowercase()).collect()
}

fn assert_depends_on_the_origin(headers: &HeaderMap) {
    assert!(listed(headers, "vary").contains("origin"), "{headers:?}");
}

fn assert_without_permission(headers: &HeaderMap) {
    for name in ["access-control-allow-origin", "access-control-allow-methods", "access-control-allow-credentials"] {
        assert_eq!(header(headers, name), None, "{name}");
    }
}

#[rstest]
#[case("/api/v1/me", "GET")]
#[case("/api/v1/search", "POST")]
#[case("/api/v1/documents/7", "DELETE")]
#[actix_web::test]
async fn a_preflight_needs_no_token(#[values(OURS, ALSO_OURS)] origin: &str, #[case] path: &str, #[case] method: &str) {
    let response = call(services(), from_page(origin, preflight(path, method))).await;

    let headers = response.headers();
    assert_eq!(response.status(), StatusCode::OK);
    assert_secured(headers);
    assert!(headers.contains_key("strict-transport-security"));
    assert_eq!(header(headers, "access-control-allow-origin"), Some(origin));
    assert_eq!(header(headers, "access-control-allow-credentials"), None);
    assert_eq!(header(headers, "access-control-max-age"), Some("3600"));
    let methods = ["get", "head", "post", "put", "patch", "delete"].map(str::to_owned);
    assert_eq!(listed(headers, "access-control-allow-methods"), BTreeSet::from(methods));
    let allowed = listed(headers, "access-control-allow-headers");
    for name in ["authorization", "content-type", "idempotency-key", "x-request-id", "x-admin-session"] {
        assert!(allowed.contains(name), "{name} in {allowed:?}");
    }
    assert_depends_on_the_origin(headers);
}

#[rstest]
#[case::foreign(from_page(FOREIGN, preflight("/api/v1/me", "GET")))]
#[case::other_scheme(from_page("http://app.example.com", preflight("/api/v1/me", "GET")))]
#[case::no_page(from_page("null", preflight("/api/v1/me", "GET")))]
#[case::nobody(preflight("/api/v1/me", "GET"))]
#[case::another_method(from_page(OURS, preflight("/api/v1/me", "CONNECT")))]
#[case::another_header(
    from_page(OURS, preflight("/api/v1/me", "GET").insert_header(("Access-Control-Request-Headers", "cookie")))
)]
#[actix_web::test]
async fn a_preflight_that_asks_for_too_much_is_refused(#[case] request: TestRequest) {
    let response = call(services(), request).await;

    assert_without_permission(response.headers());
    assert_depends_on_the_origin(response.headers());
    problem_of(response, ProblemKind::MalformedRequest).await;
}

#[actix_web::test]
async fn a_page_of_ours_sees_the_answer_and_what_it_needs_to_know_of_it() {
    let request = as_role(Role::Viewer, TestRequest::get().uri("/api/v1/me"));

    let response = call(services(), from_page(OURS, request)).await;

    let headers = response.headers();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(headers, "access-control-allow-origin"), Some(OURS));
    let exposed = listed(headers, "access-control-expose-headers");
    for name in [
        "x-request-id",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "retry-after",
        "content-disposition",
        "location",
    ] {
        assert!(exposed.contains(name), "{name} in {exposed:?}");
    }
    assert_depends_on_the_origin(headers);
}

#[actix_web::test]
async fn a_foreign_page_is_answered_and_sees_nothing_of_it() {
    let request = as_role(Role::Viewer, TestRequest::get().uri("/api/v1/me"));

    let response = call(services(), from_page(FOREIGN, request)).await;

    assert_eq!(response.status(), StatusCode::OK);
    assert_without_permission(response.headers());
    assert_depends_on_the_origin(response.headers());
}

#[rstest]
#[case::no_token(TestRequest::get().uri("/api/v1/me"), ProblemKind::Unauthenticated)]
#[case::nowhere(TestRequest::get().uri("/nowhere"), ProblemKind::NotFound)]
#[case::no_such_method(TestRequest::patch().uri("/api/v1/me"), ProblemKind::MethodNotAllowed)]
#[case::options(TestRequest::with_uri("/api/v1/me").method(Method::OPTIONS), ProblemKind::MethodNotAllowed)]
#[case::too_large(
    as_role(Role::User, post("/api/v1/search", "x".repeat(MAX_BODY_BYTES + 1))),
    ProblemKind::PayloadTooLarge
)]
#[actix_web::test]
async fn a_page_of_ours_sees_why_it_was_refused(#[case] request: TestRequest, #[case] kind: ProblemKind) {
    let response = call(services(), from_page(OURS, request)).await;

    assert_eq!(header(response.headers(), "access-control-allow-origin"), Some(OURS));
    assert_depends_on_the_origin(response.headers());
    problem_of(response, kind).await;
}

#[actix_web::test]
async fn a_page_of_ours_sees_how_long_it_has_to_wait() {
    let limits = RateLimits { read: NonZeroU32::new(1), ..RateLimits::default() };
    let rate_limiter = RateLimiter::new(limits, Arc::new(InMemoryAttemptCounters::default()));
    let services = Services { rate_limiter: Arc::new(rate_limiter), ..services() };
    let request = || from_page(OURS, as_role(Role::Viewer, TestRequest::get().uri("/api/v1/me")));
    call(services.clone(), request()).await;

    let response = call(services, request()).await;

    assert_eq!(header(response.headers(), "access-control-allow-origin"), Some(OURS));
    assert_eq!(header(response.headers(), "ratelimit-remaining"), Some("0"));
    problem_of(response, ProblemKind::RateLimited).await;
}

#[actix_web::test]
async fn a_page_of_ours_sees_that_we_failed() {
    let edge = Edge { settings: open_to_ours(), ..edge(true) };
    let app = test::init_service(app_over(edge, trials)).await;
    let request = from_page(OURS, TestRequest::get().uri("/panic"));

    // Over a socket this is an answer; here it is the error that becomes one.
    let error = test::try_call_service(&app, request.to_request()).await.err().unwrap();

    let response = error.error_response();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_secured(response.headers());
    assert_eq!(header(response.headers(), "access-control-allow-origin"), Some(OURS));
    assert_depends_on_the_origin(response.headers());
}

#[rstest]
#[case::a_request(as_role(Role::Viewer, TestRequest::get().uri("/api/v1/me")), StatusCode::OK)]
#[case::a_preflight(preflight("/api/v1/me", "GET"), StatusCode::METHOD_NOT_ALLOWED)]
#[actix_web::test]
async fn where_no_origin_is_named_no_answer_speaks_of_origins(
    #[case] request: TestRequest,
    #[case] expected: StatusCode,
) {
    let app = test::init_service(app(services(), settings(true))).await;

    let response = test::call_service(&app, from_page(OURS, request).to_request()).await;

    assert_eq!(response.status(), expected);
    let headers = response.headers();
    assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control")), "{headers:?}");
    assert!(!listed(headers, "vary").contains("origin"));
    assert_secured(headers);
}
