//! Documents that come in by the API.

use std::sync::Arc;

use actix_web::test::{self, TestRequest};
use cortex_identity::model::Role;
use cortex_ingestion::model::{IngestionMethod, Quota};
use cortex_ingestion::ports::MockTextExtractor;
use cortex_ingestion::testing::{COMPANY_A, InMemoryIntake};
use rstest::rstest;
use serde_json::{Value, json};

use super::stage::{answer, as_role, call, intake, member, services};
use super::{header, post, problem_of};
use crate::Services;
use crate::problem::ProblemKind;

const PATH: &str = "/api/v1/documents";

fn over(store: &Arc<InMemoryIntake>, quota: Quota) -> Services {
    Services { intake: intake(Arc::clone(store), MockTextExtractor::new(), quota), ..services() }
}

fn taking() -> Services {
    over(&Arc::default(), Quota::default())
}

fn sending(body: &Value) -> TestRequest {
    as_role(Role::User, post(PATH, body.to_string()))
}

fn contact() -> Value {
    json!({
        "title": "Nora",
        "content": "Likes herons",
        "source": "crm",
        "source_id": "7",
        "document_type": "contact",
        "created_at": "2026-03-02T13:00:00+01:00",
        "metadata": {"stage": "won", "tags": ["a", {"b": 1.5}]},
    })
}

#[actix_web::test]
async fn a_document_is_taken_in_and_told_with_whose_it_is() {
    let store = Arc::<InMemoryIntake>::default();

    let (status, body) = answer(over(&store, Quota::default()), sending(&contact())).await;

    let expected = json!({
        "id": 1,
        "title": "Nora",
        "content": "Likes herons",
        "source": "crm",
        "document_type": "contact",
        "source_id": "7",
        "source_account": "",
        "created_at": "2026-03-02T12:00:00Z",
        "modified_at": null,
        "ingested_at": "2026-03-02T12:00:00Z",
        "ingested_by_user_id": member(Role::User).to_string(),
        "ingested_by_user_email": body["ingested_by_user_email"],
        "ingestion_method": "api",
        "metadata": {"stage": "won", "tags": ["a", {"b": 1.5}]},
        "mime_type": null,
        "file_size_bytes": null,
        "file_url": null,
        "parent_document_id": null,
        "content_incomplete": false,
        "user_id": member(Role::User).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!((status, &body), (201, &expected));
    assert!(body["ingested_by_user_email"].as_str().is_some_and(|email| email.contains('@')));
    let [document] = store.documents(COMPANY_A).try_into().unwrap();
    assert_eq!((document.method, document.ingested_by), (Some(IngestionMethod::Api), Some(member(Role::User))));
    let [row] = store.audit(COMPANY_A).try_into().unwrap();
    assert_eq!((row.action.as_str(), row.request_id.as_deref()), ("document_created", Some(super::MADE_ID)));
}

#[actix_web::test]
async fn the_same_source_and_id_is_the_same_document() {
    let store = Arc::<InMemoryIntake>::default();
    let services = over(&store, Quota::default());
    answer(services.clone(), sending(&contact())).await;
    let mut changed = contact();
    changed["content"] = json!("Likes otters");

    let (status, body) = answer(services, as_role(Role::Admin, post(PATH, changed.to_string()))).await;

    assert_eq!((status, &body["id"], &body["content"]), (200, &json!(1), &json!("Likes otters")));
    assert_eq!(body["ingested_by_user_id"], member(Role::User).to_string(), "who brought it in first stays");
    assert_eq!(body["user_id"], member(Role::Admin).to_string());
    let [document] = store.documents(COMPANY_A).try_into().unwrap();
    let sources = store.sources(document.id).into_iter().map(|source| source.user_id);
    assert_eq!(sources.collect::<Vec<_>>(), [member(Role::User), member(Role::Admin)]);
}

#[actix_web::test]
async fn what_is_not_said_is_said_for_the_client() {
    let (status, body) = answer(taking(), sending(&json!({"title": "A", "content": "B"}))).await;

    assert_eq!((status, &body["source"], &body["document_type"]), (201, &json!("api"), &json!("document")));
    assert!(body["source_id"].as_str().is_some_and(|id| id.len() == 36), "{body}");
    assert_eq!((&body["created_at"], &body["metadata"]), (&Value::Null, &json!({})));
}

#[rstest]
#[case::provider("source", json!("gmail"))]
#[case::another_spelling("source", json!("google-mail"))]
#[case::in_capitals("source", json!("OUTLOOK"))]
#[case::uploads("source", json!("upload"))]
#[case::blank_source("source", json!(" "))]
#[case::blanks_around("source", json!(" crm"))]
#[case::long_source("source", json!("x".repeat(101)))]
#[case::blank_title("title", json!(" \n"))]
#[case::long_title("title", json!("ä".repeat(1_001)))]
#[case::blank_content("content", json!("\u{0}"))]
#[case::content_of_another_kind("content", json!(5))]
#[case::blank_id("source_id", json!(""))]
#[case::long_id("source_id", json!("x".repeat(501)))]
#[case::id_with_nul("source_id", json!("a\u{0}b"))]
#[case::blank_type("document_type", json!(""))]
#[case::long_type("document_type", json!("x".repeat(101)))]
#[case::no_time("created_at", json!("yesterday"))]
#[case::metadata_of_another_kind("metadata", json!(["a"]))]
#[case::much_metadata("metadata", json!({"a": "x".repeat(70_000)}))]
#[case::deep_metadata("metadata", json!({"1": {"2": {"3": {"4": {"5": {"6": {"7": {"8": {}}}}}}}}}))]
#[case::unknown("color", json!("red"))]
#[actix_web::test]
async fn a_field_that_cannot_be_taken_is_named(#[case] field: &str, #[case] value: Value) {
    let store = Arc::<InMemoryIntake>::default();
    let mut body = contact();
    body[field] = value;

    let response = call(over(&store, Quota::default()), sending(&body)).await;

    let problem = problem_of(response, ProblemKind::InvalidField).await;
    assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{problem}");
    assert_eq!(store.documents(COMPANY_A), []);
}

#[rstest]
#[case::title("title", json!("ä".repeat(1_000)))]
#[case::id("source_id", json!("x".repeat(500)))]
#[case::depth("metadata", json!({"1": {"2": {"3": {"4": {"5": {"6": {"7": {"8": 1}}}}}}}}))]
#[case::long_text("content", json!("ä".repeat(200_000)))]
#[actix_web::test]
async fn what_is_just_within_the_bounds_is_taken(#[case] field: &str, #[case] value: Value) {
    let mut body = contact();
    body[field] = value;

    assert_eq!(call(taking(), sending(&body)).await.status(), 201);
}

#[actix_web::test]
async fn every_field_that_is_wrong_is_named_at_once() {
    let body = json!({"title": "", "content": "", "source": "drive", "metadata": {}});

    let problem = problem_of(call(taking(), sending(&body)).await, ProblemKind::InvalidField).await;

    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/title", "/content", "/source"]);
}

#[actix_web::test]
async fn more_than_the_quota_is_refused_until_the_day_ends() {
    let services = over(&Arc::default(), Quota { documents: None, bytes: Some(20) });
    assert_eq!(call(services.clone(), sending(&contact())).await.status(), 201);

    let response = call(services, sending(&contact())).await;

    assert_eq!(header(response.headers(), "retry-after"), Some("43200"));
    let problem = problem_of(response, ProblemKind::QuotaExceeded).await;
    assert_eq!(problem["resets_at"], "2026-03-03T00:00:00Z");
}

#[actix_web::test]
async fn a_request_that_is_sent_again_is_done_once_and_answered_the_same() {
    let store = Arc::<InMemoryIntake>::default();
    let services = over(&store, Quota::default());
    let minimal = json!({"title": "A", "content": "B"});
    let named = |body: &Value| sending(body).insert_header(("Idempotency-Key", "key"));
    let bytes = async |request| {
        let response = call(services.clone(), request).await;
        (response.status().as_u16(), header(response.headers(), "content-type").map(ToOwned::to_owned), {
            test::read_body(response).await
        })
    };

    let first = bytes(named(&minimal)).await;
    let again = bytes(named(&minimal)).await;

    assert_eq!((first.0, first.1.as_deref(), &again), (201, Some("application/json"), &first));
    assert_eq!(store.documents(COMPANY_A).len(), 1);
    let other = json!({"title": "A", "content": "C"});
    problem_of(call(services.clone(), named(&other)).await, ProblemKind::IdempotencyKeyReused).await;
}
