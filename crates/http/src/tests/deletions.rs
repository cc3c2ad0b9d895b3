//! Deletions that are held back.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use cortex_ingestion::model::{CarriedOut, DecisionOutcome, DeletionState, HeldDeletion, Verdict};
use cortex_ingestion::ports::{HeldDeletions, MockHeldDeletions};
use cortex_ingestion::testing::{COMPANY_A, NOON, USER_1, a_lease, a_stream};
use cortex_kernel::{Page, StoreError};
use rstest::rstest;
use serde_json::{Value, json};

use super::stage::{answer, as_role, call, decide_deletions, member, services};
use super::{MADE_ID, problem_of};
use crate::Services;
use crate::problem::ProblemKind;

fn held() -> HeldDeletion {
    let stream = a_stream();
    HeldDeletion {
        id: 7,
        user_id: USER_1,
        user_email: Some("one@example.com".to_owned()),
        connection_id: stream.connection_id,
        broker_id: stream.broker_id,
        provider: stream.provider,
        model: stream.model,
        job_id: a_lease().job,
        records: 40,
        documents_removed: 0,
        state: DeletionState::Pending,
        created_at: NOON,
        decided_at: None,
        decided_by: None,
    }
}

fn over(held: impl HeldDeletions + 'static) -> Services {
    let held: Arc<dyn HeldDeletions> = Arc::new(held);
    Services { decide_deletions: decide_deletions(Arc::clone(&held)), held_deletions: held, ..services() }
}

fn list() -> TestRequest {
    TestRequest::get().uri("/api/v1/oauth/deletions?limit=1&cursor=9")
}

fn post(id: &str, action: &str) -> TestRequest {
    TestRequest::post().uri(&format!("/api/v1/oauth/deletions/{id}/{action}"))
}

#[actix_web::test]
async fn an_admin_sees_what_is_held_and_what_was_decided() {
    let decided = HeldDeletion {
        id: 6,
        user_email: None,
        documents_removed: 38,
        state: DeletionState::Confirmed,
        decided_at: Some(NOON),
        decided_by: Some(member(Role::Owner)),
        ..held()
    };
    let mut store = MockHeldDeletions::new();
    store
        .expect_list()
        .withf(|company_id, page| (*company_id, page.limit(), page.cursor()) == (COMPANY_A, 1, Some("9")))
        .return_once(move |_, _| Ok(Page { items: vec![held(), decided], next_cursor: Some("6".to_owned()) }));

    let answered = answer(over(store), as_role(Role::Admin, list())).await;

    let pending = json!({
        "id": "7",
        "user_id": USER_1.to_string(),
        "user_email": "one@example.com",
        "provider": "gmail",
        "connection_id": "broker-1",
        "model": "GmailEmail",
        "records": 40,
        "documents_removed": 0,
        "state": "pending",
        "created_at": "2026-03-02T12:00:00Z",
        "decided_at": null,
        "decided_by": null,
        "job_id": a_lease().job.to_string(),
    });
    let mut confirmed = pending.clone();
    confirmed["id"] = json!("6");
    confirmed["user_email"] = Value::Null;
    confirmed["documents_removed"] = json!(38);
    confirmed["state"] = json!("confirmed");
    confirmed["decided_at"] = json!("2026-03-02T12:00:00Z");
    confirmed["decided_by"] = json!(member(Role::Owner).to_string());
    assert_eq!(answered, (200, json!({"items": [pending, confirmed], "next_cursor": "6"})));
}

#[rstest]
#[case::confirmed("confirm", Verdict::Confirm, "confirmed", 41)]
#[case::rejected("reject", Verdict::Reject, "rejected", 0)]
#[actix_web::test]
async fn an_admin_decides(
    #[case] action: &str,
    #[case] verdict: Verdict,
    #[case] state: &str,
    #[case] documents_removed: u64,
) {
    let mut store = MockHeldDeletions::new();
    store
        .expect_decide()
        .withf(move |decision| {
            (decision.company_id, decision.id, decision.verdict) == (COMPANY_A, 7, verdict)
                && decision.by == member(Role::Admin)
                && decision.origin.request_id.as_deref() == Some(MADE_ID)
        })
        .once()
        .returning(|_| Ok(DecisionOutcome::Decided { records: 40 }));
    store
        .expect_carry_out_some()
        .times(usize::from(verdict == Verdict::Confirm))
        .returning(move |_, _, _| Ok(CarriedOut { documents_removed, is_done: true }));

    let answered = answer(over(store), as_role(Role::Admin, post("7", action))).await;

    let expected = json!({
        "id": "7",
        "state": state,
        "records": 40,
        "documents_removed": documents_removed,
        "user_id": member(Role::Admin).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!(answered, (200, expected));
}

#[rstest]
#[case::decided_before("7", DecisionOutcome::AlreadyDecided, ProblemKind::WrongState)]
#[case::absent("7", DecisionOutcome::NotFound, ProblemKind::NotFound)]
#[case::no_id_of_ours("seven", DecisionOutcome::Decided { records: 1 }, ProblemKind::NotFound)]
#[actix_web::test]
async fn what_cannot_be_decided_says_why(
    #[case] id: &str,
    #[case] outcome: DecisionOutcome,
    #[case] kind: ProblemKind,
    #[values("confirm", "reject")] action: &str,
) {
    let mut store = MockHeldDeletions::new();
    store.expect_decide().returning(move |_| Ok(outcome));

    problem_of(call(over(store), as_role(Role::Owner, post(id, action))).await, kind).await;
}

#[actix_web::test]
async fn a_member_neither_sees_nor_decides() {
    for request in [list(), post("7", "confirm"), post("7", "reject")] {
        problem_of(call(services(), as_role(Role::User, request)).await, ProblemKind::RoleTooLow).await;
    }
}

#[actix_web::test]
async fn a_cursor_from_nowhere_is_refused() {
    let request = as_role(Role::Admin, TestRequest::get().uri("/api/v1/oauth/deletions?cursor=here"));

    problem_of(call(services(), request).await, ProblemKind::InvalidQuery).await;
}

#[actix_web::test]
async fn while_the_database_is_away_nothing_is_decided() {
    let mut store = MockHeldDeletions::new();
    store.expect_decide().returning(|_| Err(StoreError::Unavailable("no route to 10.0.0.7".into())));

    problem_of(call(over(store), as_role(Role::Admin, post("7", "confirm"))).await, ProblemKind::Unavailable).await;
}
