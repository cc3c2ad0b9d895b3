//! Who may use the admin panel, at every address of it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::test::{self, TestRequest};
use cortex_identity::ports::{AdminSessions, MockAdminSessions};
use cortex_identity::testing::{COMPANY_A, COMPANY_B, InMemoryAdminSessions, a_new_admin_session};
use cortex_kernel::StoreError;
use rstest::rstest;
use serde_json::json;

use super::gate::bad_requests;
use super::stage::{ADMIN_TOKEN, answer, as_admin, as_role, call, panel, services};
use super::{header, problem_of, settings};
use crate::endpoint::Access;
use crate::problem::ProblemKind;
use crate::{Services, app};

/// A session by [`ADMIN_TOKEN`] is open; where the list of addresses is not empty, the panel may be used from there.
async fn logged_in(networks: &[&str]) -> (Services, Arc<InMemoryAdminSessions>) {
    let sessions = Arc::new(InMemoryAdminSessions::default());
    sessions.open(&a_new_admin_session(COMPANY_A, ADMIN_TOKEN)).await.unwrap();
    (
        Services {
            enter_admin_panel: panel(sessions.clone(), networks),
            admin_sessions: sessions.clone(),
            ..services()
        },
        sessions,
    )
}

fn verify() -> TestRequest {
    TestRequest::get().uri("/admin/verify-session")
}

#[actix_web::test]
async fn every_route_of_the_panel_asks_for_a_session_before_anything_else() {
    let (services, _) = logged_in(&[]).await;
    let app = test::init_service(app(services, settings(false))).await;
    let mut protected = 0;
    for (access, request) in bad_requests() {
        if access != Access::Admin {
            continue;
        }
        protected += 1;
        for token in [None, Some("forged"), Some("")] {
            let request =
                token.into_iter().fold(request(), |request, token| request.insert_header(("X-Admin-Session", token)));
            let request = as_role(cortex_identity::model::Role::Owner, request).to_request();
            let called = format!("{} {} by {token:?}", request.method(), request.path());
            let response = test::call_service(&app, request).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{called}");
            assert_eq!(header(response.headers(), "www-authenticate"), Some("X-Admin-Session"), "{called}");
            let body: serde_json::Value = test::read_body_json(response).await;
            assert_eq!(body["code"], "admin_session_required", "{called}");
        }
        let called = request().to_request().path().to_owned();
        if called == "/admin/logout" {
            continue;
        }
        let response = test::call_service(&app, as_admin(request()).to_request()).await;
        let status = response.status();
        let is_stopped = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
        assert!(!is_stopped && !status.is_server_error(), "{called}: {status}");
    }
    assert!(protected >= 2, "{protected}");
}

#[actix_web::test]
async fn a_session_is_told_until_when_it_is_open() {
    let (services, _) = logged_in(&["10.0.0.0/8"]).await;

    let (status, body) = answer(services, as_admin(verify())).await;

    let id = a_new_admin_session(COMPANY_A, ADMIN_TOKEN).id.to_string();
    assert_eq!((status, body), (200, json!({ "valid": true, "session_id": id, "expires_at": "2026-03-02T13:00:00Z" })));
}

#[actix_web::test]
async fn after_a_logout_the_token_opens_nothing_and_the_audit_rows_stay() {
    let (services, sessions) = logged_in(&[]).await;

    let (status, body) = answer(services.clone(), as_admin(TestRequest::post().uri("/admin/logout"))).await;

    assert_eq!((status, body), (200, json!({ "message": "Logged out." })));
    problem_of(call(services, as_admin(verify())).await, ProblemKind::AdminSessionRequired).await;
    assert_eq!(sessions.audited(COMPANY_A), ["admin_login", "admin_logout"]);
}

#[actix_web::test]
async fn after_an_hour_the_token_opens_nothing() {
    let (services, sessions) = logged_in(&[]).await;

    sessions.pass(std::time::Duration::from_hours(1));

    problem_of(call(services, as_admin(verify())).await, ProblemKind::AdminSessionRequired).await;
}

#[actix_web::test]
async fn another_companys_session_opens_nothing_here() {
    let (services, sessions) = logged_in(&[]).await;
    sessions.open(&a_new_admin_session(COMPANY_B, "elsewhere")).await.unwrap();

    let request = verify().insert_header(("X-Admin-Session", "elsewhere"));

    problem_of(call(services, request).await, ProblemKind::AdminSessionRequired).await;
}

#[actix_web::test]
async fn two_headers_are_no_session() {
    let (services, _) = logged_in(&[]).await;

    let request = as_admin(verify()).append_header(("X-Admin-Session", ADMIN_TOKEN));

    problem_of(call(services, request).await, ProblemKind::AdminSessionRequired).await;
}

#[rstest]
#[case::from_the_list("10.0.0.9:5000", None, true)]
#[case::elsewhere("203.0.113.7:5000", None, false)]
#[case::elsewhere_and_says_otherwise("203.0.113.7:5000", Some("10.0.0.9"), false)]
#[case::behind_a_trusted_proxy("10.0.0.9:5000", Some("203.0.113.7"), false)]
#[actix_web::test]
async fn a_valid_session_counts_only_from_where_the_panel_may_be_used(
    #[case] peer: &str,
    #[case] forwarded_for: Option<&str>,
    #[case] passes: bool,
) {
    let (services, sessions) = logged_in(&["10.0.0.0/8"]).await;
    let request = as_admin(verify()).peer_addr(peer.parse().unwrap());
    let request = forwarded_for
        .into_iter()
        .fold(request, |request, forwarded| request.insert_header(("X-Forwarded-For", forwarded)));

    let response = call(services, request).await;

    if passes {
        assert_eq!(response.status(), StatusCode::OK);
    } else {
        problem_of(response, ProblemKind::AddressNotAllowed).await;
        assert_eq!(sessions.audited(COMPANY_A), ["admin_login", "admin_call_refused"]);
    }
}

#[actix_web::test]
async fn without_the_sessions_nobody_is_let_in() {
    let mut sessions = MockAdminSessions::new();
    sessions.expect_find_open().returning(|_, _| Err(StoreError::Unavailable("hush".into())));
    let services = Services { enter_admin_panel: panel(Arc::new(sessions), &[]), ..services() };

    let body = problem_of(call(services, as_admin(verify())).await, ProblemKind::Unavailable).await;

    assert!(!body.to_string().contains("hush"));
}
