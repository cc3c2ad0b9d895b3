//! The API called as a whole: what every failure and every answer looks like, whichever route it comes from.

mod admin;
mod admin_gate;
mod admin_login;
mod alerts;
mod analytics;
mod answers;
mod audit_log;
mod bodies;
mod chats;
mod connections;
mod cors;
mod daily_reports;
mod deletions;
mod document_file;
mod documents;
mod failures;
mod gate;
mod health;
mod identity;
mod insights;
mod intelligence;
mod job_events;
mod library;
mod limits;
mod new_document;
mod openapi;
mod opening;
mod saved_reports;
mod set_aside;
mod stage;
mod syncs;
mod team;
mod uploads;
mod usage;
mod watch;

use std::io;
use std::sync::{Arc, Once};

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::error::ErrorImATeapot;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use actix_web::test::{self, TestRequest};
use actix_web::web::{self, ServiceConfig};
use cortex_kernel::IdGenerator;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::edge::Edge;
use crate::endpoint::{Access, Endpoint};
use crate::extract::{Json, OptionalJson};
use crate::opening::Opening;
use crate::problem::{PROBLEM_JSON, Problem, ProblemKind};
use crate::watch::NobodyWatches;
use crate::{Settings, app_over};

const MADE_ID: &str = "00000000-0000-4000-8000-000000000007";

struct OneId;

impl IdGenerator for OneId {
    fn new_uuid(&self) -> Uuid {
        MADE_ID.parse().unwrap()
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape matters")]
struct Invitation {
    email: String,
    role: Role,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Viewer,
    Admin,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape matters")]
struct Tag {
    name: String,
}

#[derive(Default, Deserialize)]
struct Options {
    depth: Option<u8>,
    #[expect(dead_code, reason = "only its shape matters")]
    metadata: Option<Value>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape matters")]
struct Wanted {
    limit: u16,
}

/// Routes that fail in every way that a route can.
fn trials(config: &mut ServiceConfig) {
    Endpoint::at("/numbers/{number}")
        .get(Access::Open, |number: web::Path<u32>| async move { HttpResponse::Ok().json(*number) })
        .register(config);
    Endpoint::at("/list")
        .get(Access::Open, |_: web::Query<Wanted>| async { HttpResponse::Ok().finish() })
        .register(config);
    Endpoint::at("/large")
        .get(Access::Open, || async { HttpResponse::Ok().body("large ".repeat(1_000)) })
        .register(config);
    Endpoint::at("/events")
        .get(Access::Open, || async {
            HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/event-stream")).body("data: 1\n\n".repeat(1_000))
        })
        .register(config);
    Endpoint::at("/broken")
        .get(Access::Open, || async {
            let cause = io::Error::other("password hush refused\nby 10.0.0.7");
            Err::<HttpResponse, _>(Problem::new(ProblemKind::Internal).caused_by(cause))
        })
        .register(config);
    Endpoint::at("/teapot")
        .get(Access::Open, || async { Err::<HttpResponse, _>(ErrorImATeapot("inner words")) })
        .register(config);
    Endpoint::at("/bare").get(Access::Open, || async { HttpResponse::Forbidden().finish() }).register(config);
    Endpoint::at("/kept")
        .get(Access::Open, || async { HttpResponse::Ok().insert_header((CACHE_CONTROL, "max-age=60")).finish() })
        .register(config);
    Endpoint::at("/panic")
        .get(Access::Open, || async {
            let nothing = "".parse::<u8>();
            HttpResponse::Ok().json(nothing.expect("a number\nof lines"))
        })
        .register(config);
    config.route("/invite", web::post().to(|_: Json<Invitation>| async { HttpResponse::NoContent().finish() }));
    config.route(
        "/options",
        web::post().to(|Json(options): Json<Options>| async move { HttpResponse::Ok().json(options.depth) }),
    );
    config.route(
        "/maybe",
        web::post()
            .to(|OptionalJson(options): OptionalJson<Options>| async move { HttpResponse::Ok().json(options.depth) }),
    );
}

fn edge(strict_transport: bool) -> Edge {
    Edge {
        ids: Arc::new(OneId),
        settings: settings(strict_transport),
        opening: Arc::new(Opening::opened()),
        watch: Arc::new(NobodyWatches),
    }
}

fn settings(strict_transport: bool) -> Settings {
    // A place that logs decides at its first use whether anybody listens, and tests that share a process use it at the same
    // moment: somebody listens from the beginning, so that the test that looks at the log is not overtaken.
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| drop(tracing::subscriber::set_global_default(tracing_subscriber::registry())));
    Settings {
        strict_transport,
        trusted_proxies: Arc::new(["10.0.0.0/8".parse().unwrap()]),
        cors_origins: Arc::new([]),
        backfill_days: 365,
        expose_docs: true,
    }
}

async fn trial(request: TestRequest) -> ServiceResponse<impl MessageBody> {
    let app = test::init_service(app_over(edge(false), trials)).await;
    test::call_service(&app, request.to_request()).await
}

fn post(path: &str, body: impl Into<String>) -> TestRequest {
    TestRequest::post().uri(path).insert_header((CONTENT_TYPE, "application/json")).set_payload(body.into())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

/// What every answer carries, whatever it says.
fn assert_secured(headers: &HeaderMap) {
    assert_eq!(header(headers, "x-content-type-options"), Some("nosniff"));
    assert_eq!(header(headers, "x-frame-options"), Some("DENY"));
    assert_eq!(header(headers, "referrer-policy"), Some("no-referrer"));
    assert_eq!(header(headers, "content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
    assert_eq!(header(headers, "x-request-id"), Some(MADE_ID));
}

/// The body of an answer that must be a problem of this kind, complete and consistent.
async fn problem_of(response: ServiceResponse<impl MessageBody>, kind: ProblemKind) -> Value {
    assert_eq!(response.status(), kind.status());
    assert_eq!(header(response.headers(), "content-type"), Some(PROBLEM_JSON));
    assert_eq!(header(response.headers(), "content-encoding"), None);
    assert_secured(response.headers());
    let body: Value = test::read_body_json(response).await;
    assert_eq!(body["code"], kind.code());
    assert_eq!(body["type"], kind.type_uri());
    assert_eq!(body["title"], kind.title());
    assert_eq!(body["status"], kind.status().as_u16());
    assert_eq!(body["instance"], format!("urn:request:{MADE_ID}"));
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    body
}
