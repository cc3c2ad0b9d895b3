//! What is told to whoever watches requests, and who may read metrics.

use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use actix_web::test::{self, TestRequest};
use actix_web::{HttpResponse, web};
use async_trait::async_trait;
use cortex_identity::model::Role;
use futures_util::FutureExt;
use rstest::rstest;
use tracing::Span;

use super::stage::{as_role, call, services};
use super::{OneId, edge};
use crate::edge::Edge;
use crate::endpoint::{Access, Endpoint};
use crate::watch::{Answered, Metrics, MetricsSource, RequestWatch};
use crate::{Probes, Services, app_over, probe_app};

/// What was told, a word a request.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn words(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl RequestWatch for Told {
    fn came(&self, _: &Span, _: &HeaderMap) {}

    fn answered(&self, answered: &Answered<'_>) {
        let Answered { route, method, status, problem, .. } = answered;
        let (route, problem) = (route.unwrap_or("none"), problem.unwrap_or("-"));
        self.0.lock().unwrap().push(format!("{method} {route} {status} {problem}"));
    }

    fn given_up(&self) {
        self.0.lock().unwrap().push("given up".to_owned());
    }
}

async fn told_of(request: TestRequest) -> Vec<String> {
    let told = Arc::new(Told::default());
    call(Services { watch: told.clone(), ..services() }, request).await;
    told.words()
}

#[actix_web::test]
async fn an_answer_is_told_by_the_template_of_its_address() {
    let request = as_role(Role::Viewer, TestRequest::get().uri("/api/v1/documents/17?limit=3"));

    assert_eq!(told_of(request).await, ["GET /api/v1/documents/{id} 404 not_found"]);
}

#[rstest]
#[case::older(TestRequest::get().uri("/status"), "GET /api/v1/oauth/status 401 unauthenticated")]
#[case::shut_out(TestRequest::get().uri("/api/v1/export"), "GET /api/v1/export 401 unauthenticated")]
#[case::well(TestRequest::get().uri("/health/live"), "GET /health/live 200 -")]
#[case::other_method(TestRequest::delete().uri("/api/v1/me"), "DELETE /api/v1/me 405 method_not_allowed")]
#[actix_web::test]
async fn whoever_is_refused_is_told_of_at_the_address_that_refused(#[case] request: TestRequest, #[case] said: &str) {
    assert_eq!(told_of(request).await, [said]);
}

#[actix_web::test]
async fn addresses_and_methods_that_are_made_up_all_have_the_same_name() {
    for path in ["/", "/api/v1/nothing", "/wp-login.php", "/api/v1/me/%2e%2e/secret", "/admin/\u{e9}"] {
        let path = path.replace('\u{e9}', "%C3%A9");
        assert_eq!(told_of(TestRequest::get().uri(&path)).await, ["GET none 404 not_found"], "{path}");
    }
    for method in ["BREW", "PROPFIND", "x"] {
        let request = TestRequest::default().method(Method::from_bytes(method.as_bytes()).unwrap()).uri("/brew");
        assert_eq!(told_of(request).await, ["other none 404 not_found"], "{method}");
    }
}

#[actix_web::test]
async fn a_client_that_goes_away_is_told_of_too() {
    let told = Arc::new(Told::default());
    let never = |config: &mut web::ServiceConfig| {
        let handler = || async {
            std::future::pending::<()>().await;
            HttpResponse::Ok().finish()
        };
        Endpoint::at("/never").get(Access::Open, handler).register(config);
    };
    let app = test::init_service(app_over(Edge { watch: told.clone(), ..edge(false) }, never)).await;

    let answered = test::call_service(&app, TestRequest::get().uri("/never").to_request()).now_or_never();

    assert!(answered.is_none());
    assert_eq!(told.words(), ["given up"]);
}

struct Figures;

#[async_trait]
impl MetricsSource for Figures {
    async fn render(&self) -> String {
        "cortex_up 1\n".to_owned()
    }
}

fn metrics(token: Option<&str>) -> Metrics {
    Metrics { source: Arc::new(Figures), token: token.map(Into::into) }
}

#[actix_web::test]
async fn without_metrics_there_is_nothing_at_their_address() {
    let response = call(services(), TestRequest::get().uri("/metrics")).await;

    assert_eq!(response.status(), 404);
}

#[rstest]
#[case::none(None)]
#[case::wrong(Some("Bearer geheime"))]
#[case::longer(Some("Bearer geheimer"))]
#[case::basic(Some("Basic geheim"))]
#[case::bare(Some("geheim"))]
#[actix_web::test]
async fn whoever_does_not_show_the_token_reads_no_metrics(#[case] shown: Option<&str>) {
    let request = TestRequest::get().uri("/metrics");
    let request = shown.into_iter().fold(request, |request, shown| request.insert_header((AUTHORIZATION, shown)));

    let response = call(Services { metrics: Some(metrics(Some("geheim"))), ..services() }, request).await;

    assert_eq!(response.status(), 401);
    assert!(response.headers().contains_key(WWW_AUTHENTICATE));
    let body = test::read_body(response).await;
    assert!(!String::from_utf8_lossy(&body).contains("cortex_up"), "{body:?}");
}

#[actix_web::test]
async fn whoever_shows_the_token_reads_them_as_prometheus_wants_them() {
    let request = TestRequest::get().uri("/metrics").insert_header((AUTHORIZATION, "Bearer geheim"));

    let response = call(Services { metrics: Some(metrics(Some("geheim"))), ..services() }, request).await;

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(test::read_body(response).await, "cortex_up 1\n");
}

#[actix_web::test]
async fn a_listener_of_their_own_has_metrics_and_nothing_else() {
    let probes =
        Probes { health: None, metrics: Some(metrics(None)), ids: Arc::new(OneId), watch: Arc::new(Told::default()) };
    let app = test::init_service(probe_app(probes)).await;

    for (path, status) in [("/metrics", 200), ("/health/live", 404), ("/api/v1/me", 404)] {
        let response = test::call_service(&app, TestRequest::get().uri(path).to_request()).await;
        assert_eq!(response.status(), status, "{path}");
    }
}
