//! `/health` and what it asks.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::test::{self, TestRequest};
use async_trait::async_trait;
use rstest::rstest;
use serde_json::Value;

use super::{header, problem_of, settings, stage};
use crate::health::{Health, ReadinessCheck};
use crate::problem::ProblemKind;
use crate::{Services, app};

struct Check {
    component: &'static str,
    outcome: Mutex<Outcome>,
}

#[derive(Clone, Copy)]
enum Outcome {
    Up,
    Down,
    Silent,
}

#[async_trait]
impl ReadinessCheck for Check {
    fn component(&self) -> &'static str {
        self.component
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let outcome = *self.outcome.lock().unwrap();
        match outcome {
            Outcome::Up => Ok(()),
            Outcome::Down => Err("no route to 10.0.0.7".into()),
            Outcome::Silent => std::future::pending().await,
        }
    }
}

/// The services of a process that is up but for what `master` says.
fn services(master: &Arc<Check>) -> Services {
    let database = Check { component: "database", outcome: Mutex::new(Outcome::Up) };
    let checks: Vec<Arc<dyn ReadinessCheck>> = vec![Arc::new(database), Arc::<Check>::clone(master)];
    Services { health: Arc::new(Health::with_patience(checks, Duration::from_millis(50))), ..stage::services() }
}

fn master(outcome: Outcome) -> Arc<Check> {
    Arc::new(Check { component: "master", outcome: Mutex::new(outcome) })
}

#[rstest]
#[case("/health/live", "alive")]
#[case("/health/ready", "ready")]
#[case("/health", "healthy")]
#[actix_web::test]
async fn health_tells_that_all_is_well(#[case] path: &str, #[case] word: &str) {
    let app = test::init_service(app(services(&master(Outcome::Up)), settings(false))).await;

    let response = test::call_service(&app, TestRequest::get().uri(path).to_request()).await;

    assert_eq!(response.status(), StatusCode::OK);
    let body: Value = test::read_body_json(response).await;
    assert_eq!(body["status"], word);
    if path != "/health/live" {
        assert_eq!(body["components"]["database"]["status"], "up");
        assert!(body["components"]["master"]["latency_ms"].is_u64());
    }
}

#[rstest]
#[case::down(Outcome::Down)]
#[case::silent(Outcome::Silent)]
#[actix_web::test]
async fn a_missing_component_is_named_and_comes_back_by_itself(#[case] outcome: Outcome) {
    let check = master(outcome);
    let app = test::init_service(app(services(&check), settings(false))).await;
    let get = async |path| test::call_service(&app, TestRequest::get().uri(path).to_request()).await;

    for path in ["/health/ready", "/health"] {
        let response = get(path).await;
        assert_eq!(header(response.headers(), "retry-after"), Some("5"));
        let body = problem_of(response, ProblemKind::NotReady).await;
        assert_eq!(body["detail"], "Not available at the moment: master.");
        assert_eq!(body["components"]["master"]["status"], "down");
        assert_eq!(body["components"]["database"]["status"], "up");
        assert!(!body.to_string().contains("10.0.0.7"));
    }
    assert_eq!(get("/health/live").await.status(), StatusCode::OK);

    *check.outcome.lock().unwrap() = Outcome::Up;
    assert_eq!(get("/health/ready").await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn probes_may_ask_for_the_head_alone() {
    let app = test::init_service(app(services(&master(Outcome::Up)), settings(false))).await;
    let head = TestRequest::with_uri("/health/live").method(Method::HEAD).to_request();

    assert_eq!(test::call_service(&app, head).await.status(), StatusCode::OK);
}
