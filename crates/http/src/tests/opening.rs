//! What is served before it is known that everything can be.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use rstest::rstest;

use super::stage::{as_role, call, services};
use super::{header, post, problem_of};
use crate::Services;
use crate::opening::Opening;
use crate::problem::ProblemKind;

#[rstest]
#[case::a_member(as_role(Role::Owner, TestRequest::get().uri("/api/v1/me")))]
#[case::nobody(TestRequest::get().uri("/api/v1/me"))]
#[case::a_webhook(post("/nango/webhook", "{}"))]
#[case::nowhere(TestRequest::get().uri("/healthy"))]
#[actix_web::test]
async fn before_the_opening_only_probes_are_answered(#[case] request: TestRequest) {
    let services = Services { opening: Arc::new(Opening::closed()), ..services() };
    let opening = Arc::clone(&services.opening);

    let refused = call(services.clone(), request).await;

    assert_eq!(header(refused.headers(), "retry-after"), Some("5"));
    problem_of(refused, ProblemKind::NotReady).await;
    for probe in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(call(services.clone(), TestRequest::get().uri(probe)).await.status(), StatusCode::OK, "{probe}");
    }

    opening.open();
    let member = as_role(Role::Owner, TestRequest::get().uri("/api/v1/me"));
    assert_eq!(call(services, member).await.status(), StatusCode::OK);
}
