//! Documents and search.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use cortex_ingestion::model::{DocumentKind, DocumentText, DocumentView, SourceName};
use cortex_ingestion::ports::{ListError, MockSearchIndex};
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B, InMemoryLibrary, USER_1, a_document_view, a_source_view};
use cortex_kernel::StoreError;
use rstest::rstest;
use serde_json::{Value, json};

use super::stage::{answer, as_role, call, services};
use super::{post, problem_of};
use crate::Services;
use crate::problem::ProblemKind;

fn text(view: DocumentView, content: &str) -> DocumentText {
    DocumentText { document: view, content: content.to_owned() }
}

/// Two documents of the company, the second one a note, and one of another company.
fn library() -> Services {
    let library = InMemoryLibrary::default();
    let id = library.put_document(COMPANY_A, text(a_document_view("1"), "The <b>heron</b> & the reed"));
    library.put_source(id, a_source_view("1"));
    let mut note = a_document_view("2");
    note.key.source = SourceName::new("notes");
    note.kind = DocumentKind::FILE;
    note.created_at = None;
    library.put_document(COMPANY_A, text(note, "An otter"));
    library.put_document(COMPANY_B, text(a_document_view("3"), "A heron"));
    let library = Arc::new(library);
    Services { documents: Arc::clone(&library) as _, search: library, ..services() }
}

fn get(path: &str) -> TestRequest {
    as_role(Role::Viewer, TestRequest::get().uri(path))
}

fn first_document() -> Value {
    json!({
        "id": 1,
        "title": "Subject 1",
        "source": "gmail",
        "document_type": "email",
        "source_id": "1",
        "source_account": "one@example.com",
        "created_at": "2026-03-02T12:00:00Z",
        "modified_at": null,
        "ingested_at": "2026-03-02T12:00:00Z",
        "ingested_by_user_id": USER_1.to_string(),
        "ingested_by_user_email": "one@example.com",
        "ingestion_method": "oauth_sync",
        "metadata": {"labels": ["INBOX"]},
        "mime_type": "message/rfc822",
        "file_size_bytes": 1024,
        "file_url": null,
        "parent_document_id": null,
        "content_incomplete": false,
    })
}

fn ids(list: &Value, name: &str) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|item| item[name].as_i64().unwrap()).collect()
}

#[actix_web::test]
async fn documents_are_listed_in_parts() {
    let (status, first) = answer(library(), get("/api/v1/documents?limit=1")).await;
    assert_eq!((status, ids(&first["items"], "id")), (200, vec![2]));

    let cursor = first["next_cursor"].as_str().unwrap();
    let (_, second) = answer(library(), get(&format!("/api/v1/documents?limit=1&cursor={cursor}"))).await;

    assert_eq!(second, json!({"items": [first_document()], "next_cursor": null}));
}

#[rstest]
#[case("source=google-mail", vec![1])]
#[case("source=notes", vec![2])]
#[case("document_type=file", vec![2])]
#[case(&format!("ingested_by={USER_1}"), vec![2, 1])]
#[case("ingested_by=00000000-0000-4000-8000-000000000000", vec![])]
#[case("method=webhook", vec![])]
#[case("since=2026-03-02T14:00:00%2B02:00&until=2027-01-01T00:00:00Z", vec![2, 1])]
#[case("until=2026-03-02T12:00:00Z", vec![])]
#[actix_web::test]
async fn a_list_is_narrowed_by_its_query(#[case] query: &str, #[case] expected: Vec<i64>) {
    let (status, body) = answer(library(), get(&format!("/api/v1/documents?{query}"))).await;

    assert_eq!((status, ids(&body["items"], "id")), (200, expected));
}

#[rstest]
#[case("/api/v1/documents?limit=many", ProblemKind::InvalidQuery)]
#[case("/api/v1/documents?cursor=rubbish", ProblemKind::InvalidQuery)]
#[case("/api/v1/documents?method=magic", ProblemKind::InvalidQuery)]
#[case("/api/v1/documents?ingested_by=nobody", ProblemKind::InvalidQuery)]
#[case("/api/v1/documents?since=yesterday", ProblemKind::InvalidQuery)]
#[case("/api/v1/documents?since=9999-12-31T23:59:59-01:00", ProblemKind::InvalidQuery)]
#[case("/api/v1/documents?until=9999-12-31T23:59:59-01:00", ProblemKind::InvalidQuery)]
#[case("/api/v1/search?query=heron&since=9999-12-31T23:59:59-01:00", ProblemKind::InvalidQuery)]
#[case("/api/v1/search?query=heron&until=9999-12-31T23:59:59-01:00", ProblemKind::InvalidQuery)]
#[case("/api/v1/documents?source=a%00b", ProblemKind::InvalidQuery)]
#[case("/api/v1/documents/one", ProblemKind::InvalidPath)]
#[case::nobodys("/api/v1/documents/99", ProblemKind::NotFound)]
#[case::another_companys("/api/v1/documents/3", ProblemKind::NotFound)]
#[case::another_companys_sources("/api/v1/documents/3/provenance", ProblemKind::NotFound)]
#[case("/api/v1/search?query=heron&cursor=rubbish", ProblemKind::InvalidQuery)]
#[case("/api/v1/search", ProblemKind::InvalidField)]
#[case("/api/v1/search?query=%20%00", ProblemKind::InvalidField)]
#[actix_web::test]
async fn what_cannot_be_answered_says_why(#[case] path: &str, #[case] kind: ProblemKind) {
    problem_of(call(library(), get(path)).await, kind).await;
}

#[actix_web::test]
async fn a_document_is_shown_with_its_text() {
    let mut expected = first_document();
    expected["content"] = json!("The <b>heron</b> & the reed");

    assert_eq!(answer(library(), get("/api/v1/documents/1")).await, (200, expected));
}

#[actix_web::test]
async fn a_document_tells_where_it_comes_from() {
    let expected = json!({
        "document_id": 1,
        "sources": [{
            "user_id": USER_1.to_string(),
            "user_email": "one@example.com",
            "connection_id": 1,
            "provider": "gmail",
            "account_email": "mailbox@example.com",
            "job_id": "0d000000-0000-4000-8000-000000000001",
            "method": "oauth_sync",
            "source_id": "1",
            "first_seen_at": "2026-03-02T12:00:00Z",
            "last_seen_at": "2026-03-02T12:00:00Z",
            "vanished_at": null,
        }],
    });
    assert_eq!(answer(library(), get("/api/v1/documents/1/provenance")).await, (200, expected));

    let nothing_known = json!({"document_id": 2, "sources": []});
    assert_eq!(answer(library(), get("/api/v1/documents/2/provenance")).await, (200, nothing_known));
}

#[rstest]
#[case::by_query(TestRequest::get().uri("/api/v1/search?query=+heron&source=gmail&limit=10"))]
#[case::by_body(post("/api/v1/search", r#"{"query": " heron", "source": "gmail", "limit": 10}"#))]
#[actix_web::test]
async fn documents_are_found_by_what_they_say(#[case] request: TestRequest) {
    let (status, mut body) = answer(library(), as_role(Role::Viewer, request)).await;

    assert!(body.as_object_mut().unwrap().remove("took_ms").unwrap().is_u64());
    let result = body["results"][0].as_object_mut().unwrap();
    assert!(result.remove("score").unwrap().as_f64().unwrap() > 0.0);
    let expected = json!({
        "query": "heron",
        "total": 1,
        "total_is_capped": false,
        "results": [{
            "document_id": 1,
            "title": "Subject 1",
            "snippet": "The &lt;b&gt;<mark>heron</mark>&lt;/b&gt; &amp; the reed",
            "source": "gmail",
            "document_type": "email",
            "created_at": "2026-03-02T12:00:00Z",
            "ingested_by_user_id": USER_1.to_string(),
            "ingested_by_user_email": "one@example.com",
            "ingestion_method": "oauth_sync",
        }],
        "next_cursor": null,
    });
    assert_eq!((status, body), (200, expected));
}

#[actix_web::test]
async fn results_are_shown_in_parts() {
    let search = async |cursor: &str| {
        let body = format!(r#"{{"query": "heron or otter", "limit": 1{cursor}}}"#);
        answer(library(), as_role(Role::Viewer, post("/api/v1/search", body))).await.1
    };

    let first = search("").await;
    let second = search(&format!(r#", "cursor": {}"#, first["next_cursor"])).await;

    assert_eq!((&first["total"], ids(&first["results"], "document_id")), (&json!(2), vec![2]));
    assert_eq!((&second["next_cursor"], ids(&second["results"], "document_id")), (&Value::Null, vec![1]));
}

#[rstest]
#[case::unknown_field(r#"{"query": "heron", "sauce": "gmail"}"#, "/sauce")]
#[case::empty(r#"{"query": ""}"#, "/query")]
#[case::missing("{}", "/query")]
#[case::too_long(&format!(r#"{{"query": "{}"}}"#, "x".repeat(1_001)), "/query")]
#[case::nul(r#"{"query": "heron", "source": "a\u0000"}"#, "/source")]
#[case::no_time(r#"{"query": "heron", "since": "yesterday"}"#, "/since")]
#[case::since_beyond_time(r#"{"query": "heron", "since": "9999-12-31T23:59:59-01:00"}"#, "/since")]
#[case::until_beyond_time(r#"{"query": "heron", "until": "9999-12-31T23:59:59-01:00"}"#, "/until")]
#[case::no_user(r#"{"query": "heron", "ingested_by": "nobody"}"#, "/ingested_by")]
#[actix_web::test]
async fn a_search_names_the_field_that_cannot_be_taken(#[case] body: &str, #[case] pointer: &str) {
    let request = as_role(Role::Viewer, post("/api/v1/search", body));

    let body = problem_of(call(library(), request).await, ProblemKind::InvalidField).await;

    assert_eq!(body["errors"][0]["pointer"], pointer);
}

#[actix_web::test]
async fn a_search_while_the_database_is_away_is_to_be_repeated() {
    let mut search = MockSearchIndex::new();
    search
        .expect_search()
        .returning(|_, _| Err(ListError::Store(StoreError::Unavailable("no route to 10.0.0.7".into()))));
    let services = Services { search: Arc::new(search), ..services() };

    let body = problem_of(call(services, get("/api/v1/search?query=heron")).await, ProblemKind::Unavailable).await;

    assert!(!body.to_string().contains("10.0.0.7"), "{body}");
}
