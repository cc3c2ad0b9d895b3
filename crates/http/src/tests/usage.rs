//! How much people bring in.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use cortex_ingestion::model::{Amount, Quota};
use cortex_ingestion::ports::MockTextExtractor;
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B, InMemoryIntake};
use rstest::rstest;
use serde_json::{Value, json};

use super::problem_of;
use super::stage::{answer, as_role, call, intake, member, services};
use crate::Services;
use crate::problem::ProblemKind;

/// A viewer brought in two documents yesterday and one today, and an admin one today.
fn used() -> Services {
    let store = Arc::<InMemoryIntake>::default();
    let bring = |role, documents, bytes| store.bring(COMPANY_A, member(role), Amount { documents, bytes });
    bring(Role::Viewer, 2, 20);
    store.pass(std::time::Duration::from_hours(24));
    bring(Role::Viewer, 1, 5);
    bring(Role::Admin, 1, 7);
    store.bring(COMPANY_B, member(Role::Viewer), Amount { documents: 99, bytes: 99 });
    let quota = Quota { documents: Some(100), bytes: None };
    Services { intake: intake(store, MockTextExtractor::new(), quota), ..services() }
}

fn get(query: &str) -> TestRequest {
    TestRequest::get().uri(&format!("/api/v1/usage{query}"))
}

fn quota() -> Value {
    json!({"documents": 100, "bytes": null, "resets_at": "2026-03-04T00:00:00Z"})
}

#[rstest]
#[case("")]
#[case("?scope=own")]
#[actix_web::test]
async fn everybody_sees_his_own(#[case] query: &str) {
    let answered = answer(used(), as_role(Role::Viewer, get(query))).await;

    let expected = json!({
        "user_id": member(Role::Viewer).to_string(),
        "documents": 3,
        "bytes": 25,
        "today": {"documents": 1, "bytes": 5},
        "quota": quota(),
    });
    assert_eq!(answered, (200, expected));
}

#[actix_web::test]
async fn who_brought_in_nothing_has_nothing() {
    let (_, body) = answer(used(), as_role(Role::Owner, get(""))).await;

    assert_eq!((&body["documents"], &body["today"]), (&json!(0), &json!({"documents": 0, "bytes": 0})));
}

#[actix_web::test]
async fn an_admin_sees_the_companys() {
    let services = used();

    let answered = answer(services.clone(), as_role(Role::Admin, get("?scope=company"))).await;

    let expected = json!({
        "company_id": COMPANY_A.to_string(),
        "documents": 4,
        "bytes": 32,
        "today": {"documents": 2, "bytes": 12},
        "quota": quota(),
        "items": [
            {
                "user_id": member(Role::Viewer).to_string(), "documents": 3, "bytes": 25,
                "today": {"documents": 1, "bytes": 5},
            },
            {
                "user_id": member(Role::Admin).to_string(), "documents": 1, "bytes": 7,
                "today": {"documents": 1, "bytes": 7},
            },
        ],
        "next_cursor": null,
    });
    assert_eq!(answered, (200, expected));

    let (_, first) = answer(services.clone(), as_role(Role::Owner, get("?scope=company&limit=1"))).await;
    let next = format!("?scope=company&limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let (_, second) = answer(services, as_role(Role::Owner, get(&next))).await;
    assert_eq!(second["items"][0]["user_id"], member(Role::Admin).to_string());
    assert_eq!(second["next_cursor"], Value::Null);
}

#[rstest]
#[case::not_for_users(Role::User, "?scope=company", ProblemKind::RoleTooLow)]
#[case::of_nobody(Role::Admin, "?scope=world", ProblemKind::InvalidQuery)]
#[case::from_nowhere(Role::Admin, "?scope=company&cursor=here", ProblemKind::InvalidQuery)]
#[actix_web::test]
async fn what_he_may_not_see_or_makes_no_sense_is_refused(
    #[case] role: Role,
    #[case] query: &str,
    #[case] kind: ProblemKind,
) {
    problem_of(call(used(), as_role(role, get(query))).await, kind).await;
}
