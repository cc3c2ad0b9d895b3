//! What could not be taken in.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_connections::model::{Connection, Owner};
use cortex_connections::testing::{InMemoryConnectionStore, a_connection, an_owner};
use cortex_identity::model::Role;
use cortex_ingestion::model::{Cursor, PageCommit, SetAside, SetAsideRecord, SetAsideView, Stream};
use cortex_ingestion::ports::{MockSetAsideRecords, PageStore as _, SetAsideRecords};
use cortex_ingestion::testing::{COMPANY_A, InMemoryPageStore, NOON, a_commit, a_lease, a_set_aside, a_stream};
use cortex_kernel::{ConnectionId, Page, Provider, StoreError};
use rstest::rstest;
use serde_json::{Value, json};

use super::stage::{answer, as_role, call, member, services};
use super::{header, problem_of};
use crate::problem::ProblemKind;
use crate::{Services, SyncJobServices};

/// Reads these; the connection of number 1 is known, and is a user's.
fn reading(set_aside: impl SetAsideRecords + 'static) -> Services {
    let owner = Owner { user_id: member(Role::User), ..an_owner() };
    let known = Connection { id: ConnectionId::new(1), owner, ..a_connection() };
    let connections = Arc::new(InMemoryConnectionStore::with([known]));
    let base = services();
    let jobs = SyncJobServices { set_aside: Arc::new(set_aside), connections, ..base.jobs.clone() };
    Services { jobs, ..base }
}

/// Two records of a user, the second one without an id, and after them one of an admin's other provider.
async fn three_records() -> Services {
    let store = InMemoryPageStore::default();
    let lease = store.put_running_job(COMPANY_A, a_lease().job);
    let stream = Stream { company_id: COMPANY_A, user_id: member(Role::User), ..a_stream() };
    let set_aside = vec![
        a_set_aside("1", SetAside::Draft),
        SetAsideRecord::new(None, &Cursor::new("place"), SetAside::NotAnObject),
    ];
    let page = PageCommit { lease, stream, set_aside, ..a_commit() };
    store.commit_page(&page).await.unwrap();
    let stream = Stream {
        user_id: member(Role::Admin),
        connection_id: ConnectionId::new(7),
        provider: Provider::Outlook,
        ..page.stream.clone()
    };
    let set_aside = vec![a_set_aside("3", SetAside::IdTooLong)];
    store.commit_page(&PageCommit { stream, set_aside, ..page }).await.unwrap();
    reading(store)
}

fn get(query: &str) -> TestRequest {
    TestRequest::get().uri(&format!("/api/v1/sync/set-aside{query}"))
}

async fn listed(services: &Services, role: Role, query: &str) -> (u16, Vec<i64>, Value) {
    let (status, body) = answer(services.clone(), as_role(role, get(query))).await;
    let ids = body["items"].as_array().into_iter().flatten();
    (status, ids.map(|item| item["id"].as_i64().unwrap()).collect(), body["next_cursor"].clone())
}

#[actix_web::test]
async fn a_member_sees_what_of_his_could_not_be_taken_in_and_why() {
    let answered = answer(three_records().await, as_role(Role::User, get(""))).await;

    let draft = json!({
        "id": 1,
        "user_id": member(Role::User).to_string(),
        "tenant_id": COMPANY_A.to_string(),
        "company_id": COMPANY_A.to_string(),
        "provider": "gmail",
        "connection_id": a_connection().reference().id.as_str(),
        "model": "GmailEmail",
        "record_id": "1",
        "reason": "draft",
        "message": "The record could not be taken in: the message is a draft.",
        "job_id": a_lease().job.to_string(),
        "first_seen_at": "2026-03-02T12:00:00Z",
        "last_seen_at": "2026-03-02T12:00:00Z",
    });
    let mut nameless = draft.clone();
    nameless["id"] = json!(2);
    nameless["record_id"] = Value::Null;
    nameless["reason"] = json!("not_an_object");
    nameless["message"] = json!("The record could not be taken in: the record is no object.");
    assert_eq!(answered, (200, json!({"items": [nameless, draft], "next_cursor": null})));
}

#[actix_web::test]
async fn an_admin_sees_everybodys() {
    let services = three_records().await;

    assert_eq!(listed(&services, Role::Admin, "").await, (200, vec![3, 2, 1], Value::Null));
    let of_user = format!("?user_id={}", member(Role::User));
    assert_eq!(listed(&services, Role::Admin, &of_user).await.1, [2, 1]);
    assert_eq!(listed(&services, Role::Admin, "?provider=outlook").await.1, [3]);
    let (_, body) = answer(services.clone(), as_role(Role::Admin, get("?provider=outlook"))).await;
    assert_eq!(body["items"][0]["connection_id"], Value::Null, "the connection is gone");
    assert_eq!(listed(&services, Role::User, "?provider=outlook").await.1, [0; 0], "it is somebody else's");
}

#[actix_web::test]
async fn the_list_comes_in_parts() {
    let services = three_records().await;

    let (_, first, cursor) = listed(&services, Role::Owner, "?limit=2").await;
    let next = format!("?limit=2&cursor={}", cursor.as_str().unwrap());
    let (_, second, end) = listed(&services, Role::Owner, &next).await;

    assert_eq!((first, second, end), (vec![3, 2], vec![1], Value::Null));
}

#[rstest]
#[case::of_somebody_else("?user_id=07000000-0000-4000-8000-000000000007", ProblemKind::RoleTooLow)]
#[case::of_no_provider("?provider=fax", ProblemKind::UnsupportedProvider)]
#[case::from_nowhere("?cursor=here", ProblemKind::InvalidQuery)]
#[actix_web::test]
async fn a_list_that_is_none_of_his_or_makes_no_sense_is_refused(#[case] query: &str, #[case] kind: ProblemKind) {
    problem_of(call(three_records().await, as_role(Role::User, get(query))).await, kind).await;
}

#[actix_web::test]
async fn a_viewer_does_not_see_it() {
    problem_of(call(services(), as_role(Role::Viewer, get(""))).await, ProblemKind::RoleTooLow).await;
}

#[actix_web::test]
async fn it_is_read_and_nothing_else() {
    let request = as_role(Role::User, TestRequest::post().uri("/api/v1/sync/set-aside"));

    let answer = call(services(), request).await;

    assert_eq!((answer.status().as_u16(), header(answer.headers(), "allow")), (405, Some("GET, HEAD")));
}

#[actix_web::test]
async fn a_reason_of_a_newer_version_is_told_as_it_stands() {
    let view = SetAsideView {
        id: 1,
        user_id: member(Role::User),
        connection_id: ConnectionId::new(1),
        provider: Provider::Gmail,
        model: "GmailEmail".to_owned(),
        record_id: None,
        reason: "too_heavy".to_owned(),
        job_id: a_lease().job,
        first_seen_at: NOON,
        last_seen_at: NOON,
    };
    let mut records = MockSetAsideRecords::new();
    records.expect_list().return_once(move |_, _| Ok(Page { items: vec![view], next_cursor: None }));

    let (_, body) = answer(reading(records), as_role(Role::User, get(""))).await;

    let item = &body["items"][0];
    assert_eq!((&item["reason"], &item["message"]), (&json!("too_heavy"), &json!("The record could not be taken in.")));
}

#[actix_web::test]
async fn while_the_database_is_away_nothing_is_told() {
    let mut records = MockSetAsideRecords::new();
    records.expect_list().return_once(|_, _| Err(StoreError::Unavailable("no route to 10.0.0.7".into()).into()));

    problem_of(call(reading(records), as_role(Role::User, get(""))).await, ProblemKind::Unavailable).await;
}
