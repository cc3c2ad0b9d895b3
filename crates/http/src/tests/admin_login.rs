//! Logging in to the admin panel.

use std::sync::Arc;

use actix_web::test::TestRequest;
use async_trait::async_trait;
use cortex_identity::ports::{MockAdminSessions, PinVerifier, VerifyPinError};
use cortex_identity::testing::{COMPANY_A, InMemoryAdminSessions};
use cortex_kernel::StoreError;
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::stage::{ADMIN_TOKEN, admin_login, answer, as_admin, call, panel, services};
use super::{header, post, problem_of};
use crate::Services;
use crate::problem::ProblemKind;

/// The PIN is 917364.
struct Pin;

#[async_trait]
impl PinVerifier for Pin {
    async fn is_right(&self, pin: &SecretString) -> Result<bool, VerifyPinError> {
        match pin.expose_secret() {
            "broken" => Err(VerifyPinError("hush".into())),
            pin => Ok(pin == "917364"),
        }
    }
}

fn stage() -> (Services, Arc<InMemoryAdminSessions>) {
    let sessions = Arc::new(InMemoryAdminSessions::default());
    let services = Services {
        log_in_admin: admin_login(sessions.clone(), Some(Arc::new(Pin))),
        enter_admin_panel: panel(sessions.clone(), &[]),
        ..services()
    };
    (services, sessions)
}

fn log_in(pin: &str) -> TestRequest {
    post("/admin/auth", json!({ "pin": pin }).to_string()).peer_addr("203.0.113.7:50000".parse().unwrap())
}

#[actix_web::test]
async fn who_knows_the_pin_gets_a_session() {
    let (services, _) = stage();

    let (status, body) = answer(services.clone(), log_in("917364")).await;

    let expected = json!({ "session_token": ADMIN_TOKEN, "expires_in": 3600, "expires_at": "2026-03-02T13:00:00Z" });
    assert_eq!((status, body), (200, expected));
    let (status, _) = answer(services, as_admin(TestRequest::get().uri("/admin/verify-session"))).await;
    assert_eq!(status, 200);
}

/// The client is no trusted proxy: whatever it says of where it comes from, it comes from there.
#[actix_web::test]
async fn the_sixth_attempt_is_answered_after_the_window_whatever_it_says_where_it_comes_from() {
    let (services, sessions) = stage();
    for n in 0..5 {
        let request = log_in("000000").insert_header(("X-Forwarded-For", format!("198.51.100.{n}")));
        problem_of(call(services.clone(), request).await, ProblemKind::WrongPin).await;
    }

    for pin in ["000000", "917364"] {
        let request = log_in(pin).insert_header(("X-Forwarded-For", "198.51.100.99"));
        let response = call(services.clone(), request).await;
        assert_eq!(header(response.headers(), "retry-after"), Some("900"));
        problem_of(response, ProblemKind::TooManyAttempts).await;
    }
    assert!(!sessions.audited(COMPANY_A).contains(&"admin_login"));
}

#[actix_web::test]
async fn behind_a_trusted_proxy_the_address_before_it_counts() {
    let (services, _) = stage();
    for n in 0..6 {
        let request = log_in("000000")
            .peer_addr("10.0.0.1:50000".parse().unwrap())
            .insert_header(("X-Forwarded-For", format!("198.51.100.{n}")));
        problem_of(call(services.clone(), request).await, ProblemKind::WrongPin).await;
    }
}

#[actix_web::test]
async fn without_a_pin_the_panel_is_not_configured() {
    problem_of(call(services(), log_in("917364")).await, ProblemKind::AdminNotConfigured).await;
}

#[actix_web::test]
async fn from_elsewhere_nobody_logs_in() {
    let mut sessions = MockAdminSessions::new();
    sessions.expect_tell_refusal().once().returning(|_| Ok(()));
    let sessions = Arc::new(sessions);
    let counters = Arc::new(cortex_identity::testing::InMemoryAttemptCounters::default());
    let networks = vec!["192.0.2.0/24".parse().unwrap()];
    let door = Arc::new(cortex_identity::AdminDoor::new(
        COMPANY_A,
        networks,
        sessions.clone(),
        counters.clone(),
        Arc::new(|| cortex_identity::testing::NOON),
    ));
    let limits = cortex_identity::LoginLimits {
        per_address: 5,
        in_all: 50,
        window: std::time::Duration::from_mins(15),
        session: std::time::Duration::from_hours(1),
    };
    let ports = cortex_identity::LogInPorts {
        attempts: counters,
        sessions,
        tokens: Arc::new(super::OneId),
        ids: Arc::new(super::OneId),
        clock: Arc::new(|| cortex_identity::testing::NOON),
    };
    let log_in_admin = Arc::new(cortex_identity::LogInAdmin::new(COMPANY_A, limits, door, Some(Arc::new(Pin)), ports));

    let response = call(Services { log_in_admin, ..services() }, log_in("917364")).await;

    problem_of(response, ProblemKind::AddressNotAllowed).await;
}

#[rstest]
#[case::no_pin("{}", ProblemKind::InvalidField)]
#[case::a_number(r#"{"pin": 917364}"#, ProblemKind::InvalidField)]
#[case::more(r#"{"pin": "917364", "user": "admin"}"#, ProblemKind::InvalidField)]
#[case::no_json("{pin: 917364}", ProblemKind::MalformedJson)]
#[case::cannot_be_compared(r#"{"pin": "broken"}"#, ProblemKind::Internal)]
#[actix_web::test]
async fn what_is_no_login_opens_nothing(#[case] body: &str, #[case] kind: ProblemKind) {
    let (services, sessions) = stage();

    let told = problem_of(call(services, post("/admin/auth", body)).await, kind).await;

    assert!(!told.to_string().contains("hush"));
    assert_eq!(sessions.audited(COMPANY_A), Vec::<&str>::new());
}

#[actix_web::test]
async fn without_the_sessions_nobody_logs_in() {
    let mut sessions = MockAdminSessions::new();
    sessions.expect_open().returning(|_| Err(StoreError::Unavailable("hush".into())));
    let log_in_admin = admin_login(Arc::new(sessions), Some(Arc::new(Pin)));

    let response = call(Services { log_in_admin, ..services() }, log_in("917364")).await;

    problem_of(response, ProblemKind::Unavailable).await;
}
