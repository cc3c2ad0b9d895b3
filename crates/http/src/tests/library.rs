//! Mails, removal, export and erasure.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::test::{self, TestRequest};
use cortex_identity::model::{Membership, Role};
use cortex_identity::ports::MockMembershipStore;
use cortex_identity::testing::{COMPANY_A, COMPANY_B, a_company, a_membership};
use cortex_ingestion::model::{DocumentKind, DocumentText, DocumentView};
use cortex_ingestion::ports::MockDocumentExport;
use cortex_ingestion::testing::{InMemoryLibrary, USER_1, a_document_view, a_source_view};
use cortex_kernel::{DocumentId, StoreError};
use cortex_sync_jobs::ports::CancellationToken;
use rstest::rstest;
use serde_json::{Value, json};

use super::stage::{answer, as_role, call, entrance, library_services, member, services};
use super::{header, problem_of};
use crate::exports::Exports;
use crate::problem::ProblemKind;
use crate::{LibraryServices, Services};

fn a_mail(source_id: &str) -> DocumentView {
    DocumentView {
        metadata: json!({
            "sender_name": "Nora Berg",
            "sender_address": "nora@yard.example",
            "to_addresses": ["jonas@kestrel.example"],
            "cc_addresses": ["ada@kestrel.example"],
            "thread_id": "t 1",
            "has_attachments": true,
        }),
        ..a_document_view(source_id)
    }
}

fn put(library: &InMemoryLibrary, document: DocumentView) -> DocumentId {
    library.put_document(COMPANY_A, DocumentText { content: format!("Text of\n {}", document.title), document })
}

/// A mail (1) with an attachment (2), a file (3), another company's mail (4).
fn filled() -> Arc<InMemoryLibrary> {
    let library = InMemoryLibrary::default();
    let mail = put(&library, a_mail("1"));
    library.put_source(mail, a_source_view("1"));
    let kind = DocumentKind::new("attachment");
    put(&library, DocumentView { kind, parent: Some(mail), title: "Plan".to_owned(), ..a_document_view("1_a") });
    put(&library, DocumentView { kind: DocumentKind::FILE, ..a_document_view("2") });
    library.put_document(COMPANY_B, DocumentText { document: a_mail("3"), content: "Text".to_owned() });
    Arc::new(library)
}

fn over(library: &Arc<InMemoryLibrary>) -> Services {
    Services { documents: library.clone(), library: library_services(library), ..services() }
}

fn get(path: &str) -> TestRequest {
    as_role(Role::Viewer, TestRequest::get().uri(path))
}

fn the_attachment() -> Value {
    json!({
        "id": 2,
        "title": "Plan",
        "content": "Text of\n Plan",
        "file_url": null,
        "mime_type": "message/rfc822",
        "file_size_bytes": 1024,
        "document_type": "attachment",
    })
}

#[rstest]
#[case::itself(1)]
#[case::by_its_attachment(2)]
#[actix_web::test]
async fn a_source_is_shown_with_what_came_with_it(#[case] id: i64) {
    let expected = json!({
        "id": 1,
        "title": "Subject 1",
        "content": "Text of\n Subject 1",
        "source": "gmail",
        "document_type": "email",
        "source_id": "1",
        "created_at": "2026-03-02T12:00:00Z",
        "metadata": a_mail("1").metadata,
        "sender_name": "Nora Berg",
        "sender_address": "nora@yard.example",
        "to_addresses": ["jonas@kestrel.example"],
        "file_url": null,
        "mime_type": "message/rfc822",
        "file_size_bytes": 1024,
        "attachments": [the_attachment()],
    });

    assert_eq!(answer(over(&filled()), get(&format!("/api/v1/sources/{id}"))).await, (200, expected));
}

#[actix_web::test]
async fn a_mail_is_its_document_and_more() {
    let library = filled();
    let (_, document) = answer(over(&library), get("/api/v1/documents/1")).await;
    let mut expected = document;
    for (key, value) in a_mail("1").metadata.as_object().unwrap() {
        expected[key] = value.clone();
    }
    expected["snippet"] = json!("Text of Subject 1");

    let (status, one) = answer(over(&library), get("/api/v1/emails/1")).await;
    let mut whole = expected.clone();
    whole["attachments"] = json!([the_attachment()]);
    assert_eq!((status, one), (200, whole));

    expected.as_object_mut().unwrap().remove("content");
    let listed = json!({"items": [expected], "next_cursor": null});
    for path in ["/api/v1/emails", "/api/v1/emails/threads/t%201"] {
        assert_eq!(answer(over(&library), get(path)).await, (200, listed.clone()), "{path}");
    }
}

#[rstest]
#[case("from=nora@yard.example", 1)]
#[case("from=yard.example&to=ada@kestrel.example&subject=subject", 1)]
#[case("since=2026-03-02T12:00:00Z&until=2026-03-02T12:00:01Z", 1)]
#[case("from=olive", 0)]
#[case("to=nora@yard.example", 0)]
#[case("subject=heron", 0)]
#[case("until=2026-03-02T12:00:00Z", 0)]
#[actix_web::test]
async fn mails_are_narrowed_by_the_query(#[case] query: &str, #[case] found: usize) {
    let (status, body) = answer(over(&filled()), get(&format!("/api/v1/emails?{query}"))).await;

    assert_eq!((status, body["items"].as_array().unwrap().len()), (200, found));
}

#[actix_web::test]
async fn a_thread_goes_on_where_its_cursor_says() {
    let library = filled();
    put(&library, a_mail("9"));
    let (_, first) = answer(over(&library), get("/api/v1/emails/threads/t%201?limit=1")).await;
    let cursor = first["next_cursor"].as_str().unwrap();

    let (_, second) =
        answer(over(&library), get(&format!("/api/v1/emails/threads/t%201?limit=1&cursor={cursor}"))).await;

    assert_eq!((&first["items"][0]["id"], &second["items"][0]["id"]), (&json!(1), &json!(5)));
    assert_eq!(second["next_cursor"], Value::Null);
}

#[rstest]
#[case::nobodys_source("/api/v1/sources/99", ProblemKind::NotFound)]
#[case::another_companys_source("/api/v1/sources/4", ProblemKind::NotFound)]
#[case::no_id("/api/v1/sources/one", ProblemKind::InvalidPath)]
#[case::another_companys_mail("/api/v1/emails/4", ProblemKind::NotFound)]
#[case::no_mail("/api/v1/emails/3", ProblemKind::NotFound)]
#[case::an_attachment("/api/v1/emails/2", ProblemKind::NotFound)]
#[case::no_thread("/api/v1/emails/threads/none", ProblemKind::NotFound)]
#[case::nul("/api/v1/emails/threads/a%00b", ProblemKind::InvalidPath)]
#[case::rubbish("/api/v1/emails?cursor=rubbish", ProblemKind::InvalidQuery)]
#[case::rubbish_of_a_thread("/api/v1/emails/threads/t%201?cursor=rubbish", ProblemKind::InvalidQuery)]
#[case::no_time("/api/v1/emails?since=yesterday", ProblemKind::InvalidQuery)]
#[case::no_text("/api/v1/emails?subject=a%00b", ProblemKind::InvalidQuery)]
#[actix_web::test]
async fn what_cannot_be_answered_says_why(#[case] path: &str, #[case] kind: ProblemKind) {
    problem_of(call(over(&filled()), get(path)).await, kind).await;
}

#[actix_web::test]
async fn a_deleted_document_is_gone_with_what_came_with_it() {
    let library = filled();
    let delete = || as_role(Role::Admin, TestRequest::delete().uri("/api/v1/documents/1"));

    let answered = answer(over(&library), delete()).await;

    let expected = json!({
        "deleted": true,
        "document_id": 1,
        "documents_removed": 2,
        "user_id": member(Role::Admin).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!(answered, (200, expected));
    problem_of(call(over(&library), delete()).await, ProblemKind::NotFound).await;
    problem_of(call(over(&library), get("/api/v1/documents/2")).await, ProblemKind::NotFound).await;
    assert_eq!(library.audited(COMPANY_A), ["document_deleted"]);
}

fn erase(user_id: &str) -> TestRequest {
    as_role(Role::Owner, TestRequest::post().uri(&format!("/api/v1/users/{user_id}/erase")))
}

#[actix_web::test]
async fn a_person_is_erased_and_there_is_a_receipt() {
    let library = filled();

    let answered = answer(over(&library), erase(&USER_1.to_string())).await;

    let expected = json!({
        "receipt_id": "00000000-0000-0000-0000-000000000000",
        "documents": 3,
        "documents_kept": 0,
        "sources": 1,
        "connections": 0,
        "erased_at": "2026-03-02T12:00:00Z",
        "erased_user_id": USER_1.to_string(),
        "user_id": member(Role::Owner).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!(answered, (200, expected));
}

#[actix_web::test]
async fn a_member_who_left_nothing_is_erased_and_a_stranger_is_not_there() {
    let library = filled();

    let (status, receipt) = answer(over(&library), erase(&member(Role::Viewer).to_string())).await;
    assert_eq!((status, &receipt["documents"]), (200, &json!(0)));

    let stranger = "00000000-0000-4000-8000-000000000000";
    problem_of(call(over(&library), erase(stranger)).await, ProblemKind::NotFound).await;
    problem_of(call(over(&library), erase("nobody")).await, ProblemKind::InvalidPath).await;
    assert_eq!(library.audited(COMPANY_A), ["person_erased"]);
}

fn export() -> TestRequest {
    as_role(Role::Owner, TestRequest::get().uri("/api/v1/export"))
}

#[actix_web::test]
async fn an_export_has_every_document_once_with_who_brought_it_in() {
    let library = filled();
    for number in 0..120 {
        put(&library, a_document_view(&format!("more {number}")));
    }

    let response = call(over(&library), export()).await;

    assert_eq!(header(response.headers(), "content-type"), Some("application/x-ndjson"));
    let disposition = header(response.headers(), "content-disposition");
    assert_eq!(disposition, Some("attachment; filename=\"documents.ndjson\""));
    let body = test::read_body(response).await;
    let lines: Vec<Value> =
        std::str::from_utf8(&body).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<_> = lines.iter().map(|line| line["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (1..=124).filter(|id| *id != 4).collect::<Vec<_>>());
    let (_, mut expected) = answer(over(&library), get("/api/v1/documents/1")).await;
    let (_, provenance) = answer(over(&library), get("/api/v1/documents/1/provenance")).await;
    expected["sources"] = provenance["sources"].clone();
    assert_eq!(lines[0], expected);
    assert_eq!(library.audited(COMPANY_A), ["export_started"]);
}

#[actix_web::test]
async fn an_export_of_nothing_is_empty_and_looking_begins_none() {
    let library = Arc::new(InMemoryLibrary::default());

    let head = as_role(Role::Owner, TestRequest::with_uri("/api/v1/export").method(actix_web::http::Method::HEAD));
    assert_eq!(call(over(&library), head).await.status().as_u16(), 200);
    assert_eq!(library.audited(COMPANY_A), [""; 0]);

    let response = call(over(&library), export()).await;
    assert_eq!((response.status().as_u16(), test::read_body(response).await.len()), (200, 0));
    assert_eq!(library.audited(COMPANY_A), ["export_started"]);
}

/// What an export goes on to say.
struct Heard(Pin<Box<BoxBody>>);

impl Heard {
    async fn of(services: Services) -> Self {
        Self(Box::pin(call(services, export()).await.map_into_boxed_body().into_body()))
    }

    /// Whether there is another part, and whether it is one.
    async fn next(&mut self) -> Option<bool> {
        std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx)).await.map(|part| part.is_ok())
    }
}

/// Exports a hundred documents, by these means.
fn a_hundred(stop: &CancellationToken) -> Services {
    let library = Arc::new(InMemoryLibrary::default());
    for number in 0..100 {
        put(&library, a_document_view(&number.to_string()));
    }
    let exports = Arc::new(Exports::restless(library.clone(), stop.clone()));
    Services { library: LibraryServices { exports, ..library_services(&library) }, ..services() }
}

#[actix_web::test]
async fn an_export_breaks_off_when_the_process_stops() {
    let stop = CancellationToken::new();
    let mut heard = Heard::of(a_hundred(&stop)).await;

    assert_eq!(heard.next().await, Some(true));
    stop.cancel();

    assert_eq!(heard.next().await, Some(false));
}

#[actix_web::test]
async fn an_export_breaks_off_for_who_is_no_owner_any_more() {
    let mut memberships = MockMembershipStore::new();
    memberships.expect_find_company().returning(|_| Ok(Some(a_company())));
    let mut roles = vec![Role::Admin, Role::Owner];
    memberships.expect_find_membership().returning(move |_, user_id| {
        let role = roles.pop().unwrap_or(Role::Admin);
        Ok(Some(Membership { user_id, role, ..a_membership() }))
    });
    let services = Services { enter_company: entrance(memberships), ..a_hundred(&CancellationToken::new()) };
    let mut heard = Heard::of(services).await;

    assert_eq!((heard.next().await, heard.next().await), (Some(true), Some(false)));
}

#[actix_web::test]
async fn an_export_that_fails_midway_breaks_off() {
    let library = filled();
    let mut failing = MockDocumentExport::new();
    failing.expect_start().returning(|_| Ok(()));
    let fails = |after: Option<DocumentId>| after.is_some();
    failing
        .expect_list_some()
        .withf(move |_, after, _| fails(*after))
        .returning(|_, _, _| Err(StoreError::Unavailable("no route to 10.0.0.7".into())));
    let document = DocumentText { document: a_mail("1"), content: "Text".to_owned() };
    failing.expect_list_some().returning(move |_, _, _| {
        Ok(vec![cortex_ingestion::model::ExportedDocument { document: document.clone(), sources: Vec::new() }])
    });
    let exports = Arc::new(Exports::restless(Arc::new(failing), CancellationToken::new()));
    let library = LibraryServices { exports, ..library_services(&library) };
    let mut heard = Heard::of(Services { library, ..services() }).await;

    assert_eq!((heard.next().await, heard.next().await), (Some(true), Some(false)));
}

#[actix_web::test]
async fn an_export_that_is_not_written_down_does_not_begin() {
    let mut failing = MockDocumentExport::new();
    failing.expect_start().returning(|_| Err(StoreError::Unavailable("no route to 10.0.0.7".into())));
    let exports = Arc::new(Exports::restless(Arc::new(failing), CancellationToken::new()));
    let library = LibraryServices { exports, ..library_services(&filled()) };

    problem_of(call(Services { library, ..services() }, export()).await, ProblemKind::Unavailable).await;
}

#[rstest]
#[case(TestRequest::delete().uri("/api/v1/documents/1"), Role::User)]
#[case(TestRequest::get().uri("/api/v1/export"), Role::Admin)]
#[case(TestRequest::post().uri("/api/v1/users/00000000-0000-4000-8000-000000000000/erase"), Role::Admin)]
#[actix_web::test]
async fn whoever_may_not_changes_nothing(#[case] request: TestRequest, #[case] role: Role) {
    let library = filled();

    problem_of(call(over(&library), as_role(role, request)).await, ProblemKind::RoleTooLow).await;

    assert_eq!(library.audited(COMPANY_A), [""; 0]);
}

#[actix_web::test]
async fn an_episode_is_a_thread() {
    let (status, body) = answer(over(&filled()), get("/api/v1/emails/by-episode/t%201")).await;

    assert_eq!((status, &body["episode_id"], &body["next_cursor"]), (200, &json!("t 1"), &Value::Null));
    let ids: Vec<_> = body["emails"].as_array().unwrap().iter().map(|one| one["id"].as_i64()).collect();
    assert_eq!(ids, [Some(1)]);
    problem_of(call(over(&filled()), get("/api/v1/emails/by-episode/none")).await, ProblemKind::NotFound).await;
}

fn episodes(body: &Value) -> TestRequest {
    as_role(Role::Viewer, TestRequest::post().uri("/api/v1/emails/by-episodes").set_json(body))
}

#[actix_web::test]
async fn several_episodes_are_had_at_once() {
    let library = filled();
    let late = DocumentView { title: "Re".to_owned(), ..a_mail("9") };
    put(&library, late);

    let body = json!({"episode_ids": ["t 1", "none", "t 1"], "limit_per_episode": 1});
    let (status, body) = answer(over(&library), episodes(&body)).await;

    assert_eq!(status, 200);
    assert_eq!((&body["emails"][0]["id"], &body["emails"][0]["thread_id"]), (&json!(1), &json!("t 1")));
    assert_eq!((&body["total"], &body["not_found"]), (&json!(1), &json!(["none"])));
}

#[rstest]
#[case::none(json!({"episode_ids": []}))]
#[case::too_many(json!({"episode_ids": vec!["t"; 51]}))]
#[case::no_text(json!({"episode_ids": ["a\0b"]}))]
#[case::not_said(json!({}))]
#[actix_web::test]
async fn episodes_that_make_no_sense_are_refused(#[case] body: Value) {
    problem_of(call(over(&filled()), episodes(&body)).await, ProblemKind::InvalidField).await;
}
