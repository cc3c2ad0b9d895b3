//! How often a member may call. Each call goes to an application of its own over the same services, as the threads of a
//! server have them.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{self, TestRequest};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use cortex_connections::ports::MockConnectionBroker;
use cortex_connections::testing::{InMemoryConnectionStore, a_link};
use cortex_identity::model::Role;
use cortex_identity::ports::{AttemptCounters, MockAttemptCounters};
use cortex_identity::testing::attempt_counters::InMemoryAttemptCounters;
use cortex_kernel::StoreError;
use rstest::rstest;

use super::stage::{as_role, call, gate, services, start_connect};
use super::{edge, header, post, problem_of};
use crate::endpoint::{Access, Endpoint};
use crate::problem::ProblemKind;
use crate::rate_limit::{RateLimiter, RateLimits};
use crate::{Services, app_over};

/// A clock that stands still until it is put forward.
#[derive(Clone, Default)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn go_on(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_nanos()).unwrap(), Ordering::Relaxed);
    }

    fn limiter(&self, limits: RateLimits, attempts: Arc<dyn AttemptCounters>) -> Arc<RateLimiter> {
        let nanos = Arc::clone(&self.0);
        let time = move || Duration::from_nanos(nanos.load(Ordering::Relaxed));
        Arc::new(RateLimiter::by_time(limits, attempts, time))
    }

    /// The services under these limits, with a broker that opens sessions.
    fn services(&self, limits: RateLimits, attempts: Arc<dyn AttemptCounters>) -> Services {
        let mut broker = MockConnectionBroker::new();
        broker.expect_open_connect_session().returning(|_| Ok(a_link()));
        Services {
            rate_limiter: self.limiter(limits, attempts),
            start_connect: start_connect(broker, InMemoryConnectionStore::default()),
            ..services()
        }
    }
}

/// Nought is without limit.
fn at_most(read: u32, write: u32, connect: u32) -> RateLimits {
    let [read, write, connect] = [read, write, connect].map(NonZeroU32::new);
    RateLimits { read, write, connect }
}

fn limited(time: &Time, limits: RateLimits) -> Services {
    time.services(limits, Arc::<InMemoryAttemptCounters>::default())
}

fn read() -> TestRequest {
    TestRequest::get().uri("/api/v1/oauth/status")
}

fn write() -> TestRequest {
    post("/api/v1/search", r#"{"query": "pumps"}"#)
}

fn connect() -> TestRequest {
    TestRequest::post().uri("/api/v1/oauth/connect/start?provider=gmail")
}

/// Limit, what remains of it, and when it is whole again.
fn told(headers: &HeaderMap) -> [Option<&str>; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| header(headers, name))
}

fn assert_unlimited(response: &ServiceResponse<impl MessageBody>) {
    assert_eq!(told(response.headers()), [None; 3]);
}

#[rstest]
#[case::reading(read, at_most(3, 0, 0), ["20", "40", "60"])]
#[case::writing(write, at_most(0, 3, 0), ["20", "40", "60"])]
#[case::connecting(connect, at_most(0, 0, 3), ["60", "60", "60"])]
#[actix_web::test]
async fn each_answer_tells_what_is_left_until_one_is_too_many(
    #[case] request: fn() -> TestRequest,
    #[case] limits: RateLimits,
    #[case] resets: [&str; 3],
) {
    let services = limited(&Time::default(), limits);
    for (left, reset) in ["2", "1", "0"].into_iter().zip(resets) {
        let response = call(services.clone(), as_role(Role::User, request())).await;

        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(told(response.headers()), [Some("3"), Some(left), Some(reset)]);
        assert_eq!(header(response.headers(), "retry-after"), None);
    }

    let response = call(services, as_role(Role::User, request())).await;

    assert_eq!(told(response.headers()), [Some("3"), Some("0"), Some("60")]);
    let retry_after = header(response.headers(), "retry-after").unwrap().to_owned();
    assert!(["20", "60"].contains(&retry_after.as_str()), "{retry_after}");
    let body = problem_of(response, ProblemKind::RateLimited).await;
    assert!(body["detail"].as_str().unwrap().contains("3 "), "{body}");
}

#[actix_web::test]
async fn the_wait_is_rounded_up_and_is_enough() {
    let time = Time::default();
    let services = limited(&time, at_most(40, 0, 0));
    for _ in 0..40 {
        call(services.clone(), as_role(Role::User, read())).await;
    }
    // One comes back every second and a half.
    time.go_on(Duration::from_millis(400));

    let response = call(services.clone(), as_role(Role::User, read())).await;

    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(response.headers(), "retry-after"), Some("2"));
    time.go_on(Duration::from_secs(2));
    assert_eq!(call(services, as_role(Role::User, read())).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn the_twenty_first_connect_of_a_minute_is_refused_whichever_replica_and_address_it_comes_to() {
    let counters = Arc::new(InMemoryAttemptCounters::default());
    let replicas: Vec<_> =
        (0..2).map(|_| Time::default().services(at_most(600, 120, 20), Arc::clone(&counters) as _)).collect();
    let ways = [
        (Method::POST, "/api/v1/oauth/connect/start"),
        (Method::GET, "/api/v1/oauth/connect/start"),
        (Method::POST, "/connect/start"),
        (Method::POST, "/connect/reconnect"),
    ];
    for (number, (method, path)) in (0..20).zip(ways.into_iter().cycle()) {
        let request = TestRequest::with_uri(&format!("{path}?provider=gmail")).method(method);
        let response = call(replicas[number % 2].clone(), as_role(Role::User, request)).await;
        assert_ne!(response.status(), StatusCode::TOO_MANY_REQUESTS, "{number}");
    }

    for services in &replicas {
        let refused = call(services.clone(), as_role(Role::User, connect())).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        let colleague = call(services.clone(), as_role(Role::Admin, connect())).await;
        assert_eq!(colleague.status(), StatusCode::OK, "a colleague has a limit of his own");
    }

    counters.end_windows();
    assert_eq!(call(replicas[0].clone(), as_role(Role::User, connect())).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn classes_and_users_are_counted_apart() {
    let services = limited(&Time::default(), at_most(1, 1, 1));
    for request in [read, write, connect] {
        for role in [Role::User, Role::Admin] {
            let first = call(services.clone(), as_role(role, request())).await;
            let second = call(services.clone(), as_role(role, request())).await;
            assert_eq!((first.status(), second.status()), (StatusCode::OK, StatusCode::TOO_MANY_REQUESTS), "{role}");
        }
    }
}

#[actix_web::test]
async fn head_reads() {
    let services = limited(&Time::default(), at_most(1, 0, 0));
    let head = TestRequest::with_uri("/api/v1/oauth/status").method(Method::HEAD);

    assert_eq!(call(services.clone(), as_role(Role::User, head)).await.status(), StatusCode::OK);
    assert_eq!(call(services, as_role(Role::User, read())).await.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[actix_web::test]
async fn a_limit_that_is_switched_off_shows_nowhere() {
    let mut attempts = MockAttemptCounters::new();
    attempts.expect_count().never();
    let services = Time::default().services(at_most(0, 0, 0), Arc::new(attempts));
    for request in [read, write, connect] {
        for _ in 0..30 {
            let response = call(services.clone(), as_role(Role::User, request())).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert_unlimited(&response);
        }
    }
}

#[actix_web::test]
async fn whoever_may_not_come_in_is_not_counted_and_open_addresses_are_not_limited() {
    let services = limited(&Time::default(), at_most(1, 1, 1));
    for _ in 0..3 {
        let stranger = call(services.clone(), read()).await;
        let too_low = call(services.clone(), as_role(Role::Viewer, connect())).await;
        let webhook = call(services.clone(), post("/nango/webhook", "{}")).await;
        let probe = call(services.clone(), TestRequest::get().uri("/health/ready")).await;

        assert_eq!((stranger.status(), too_low.status()), (StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN));
        assert_eq!((webhook.status(), probe.status()), (StatusCode::UNAUTHORIZED, StatusCode::OK));
        for response in [&stranger, &too_low] {
            assert_unlimited(response);
        }
        assert_unlimited(&webhook);
    }
    assert_eq!(call(services, as_role(Role::Viewer, read())).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_request_that_cannot_be_taken_is_counted_before_anyone_looks_at_it() {
    let services = limited(&Time::default(), at_most(1, 1, 0));
    let malformed = || post("/api/v1/search", "{rubbish");

    let first = call(services.clone(), as_role(Role::User, malformed())).await;
    assert_eq!(told(first.headers()), [Some("1"), Some("0"), Some("60")]);
    problem_of(first, ProblemKind::MalformedJson).await;
    let second = call(services, as_role(Role::User, malformed())).await;
    problem_of(second, ProblemKind::RateLimited).await;
}

#[actix_web::test]
async fn nobody_connects_while_connects_cannot_be_counted() {
    let mut attempts = MockAttemptCounters::new();
    attempts.expect_count().returning(|_, _, _| Err(StoreError::Unavailable("no route to 10.0.0.7".into())));
    let services = Time::default().services(at_most(600, 120, 20), Arc::new(attempts));

    let response = call(services, as_role(Role::User, connect())).await;

    assert_eq!(header(response.headers(), "retry-after"), Some("5"));
    problem_of(response, ProblemKind::Unavailable).await;
}

#[actix_web::test]
async fn a_panic_does_not_hide_how_often_one_may_call() {
    let services = limited(&Time::default(), at_most(2, 0, 0));
    let routes = move |config: &mut ServiceConfig| {
        config.app_data(Data::new(gate())).app_data(Data::from(services.rate_limiter));
        Endpoint::at("/panic").get(Access::Member(Role::Viewer), panicking).register(config);
    };
    let app = test::init_service(app_over(edge(false), routes)).await;

    // Over a socket this is an answer; here it is the error that becomes one.
    let error = test::try_call_service(&app, as_role(Role::User, TestRequest::get().uri("/panic")).to_request()).await;

    let response = error.err().unwrap().error_response();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(told(response.headers()), [Some("2"), Some("1"), Some("30")]);
}

async fn panicking() -> impl Responder {
    HttpResponse::Ok().body("".parse::<u8>().expect("a number").to_string())
}

#[actix_web::test]
async fn users_who_fell_silent_are_forgotten() {
    let time = Time::default();
    let services = limited(&time, at_most(10, 0, 0));
    for role in Role::ALL {
        call(services.clone(), as_role(role, read())).await;
    }
    assert_eq!(services.rate_limiter.users_remembered(), 4);

    time.go_on(Duration::from_secs(61));
    call(services.clone(), as_role(Role::User, read())).await;

    assert_eq!(services.rate_limiter.users_remembered(), 1);
}
