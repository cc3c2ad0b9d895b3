//! Chats and questions.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use cortex_insights::AnswerQuestion;
use cortex_insights::ports::MockPassages;
use cortex_insights::testing::{InMemoryChats, a_passage};
use cortex_kernel::RandomIds;
use rstest::rstest;
use serde_json::{Value, json};

use super::problem_of;
use super::stage::{answer, as_role, call, member, services};
use crate::problem::ProblemKind;
use crate::{ChatServices, Services};

/// A library in which one mail says something to everything.
fn chatting() -> Services {
    let chats = Arc::<InMemoryChats>::default();
    let mut passages = MockPassages::new();
    passages.expect_find().returning(|_, _, most| {
        assert!(most > 0);
        Ok(vec![a_passage(7, &[("The heron stands in the reed.", 1)])])
    });
    let answer = AnswerQuestion::new(Arc::new(passages), chats.clone(), None, Arc::new(RandomIds));
    let chat = ChatServices { chats, answer: Arc::new(answer), ids: Arc::new(RandomIds) };
    Services { chat, ..services() }
}

async fn ask(services: &Services, role: Role, body: &Value) -> (u16, Value) {
    let request = TestRequest::post().uri("/api/v1/chat").set_json(body);
    answer(services.clone(), as_role(role, request)).await
}

async fn get(services: &Services, role: Role, path: &str) -> (u16, Value) {
    answer(services.clone(), as_role(role, TestRequest::get().uri(path))).await
}

#[actix_web::test]
async fn a_question_is_answered_by_sentences_with_their_sources_and_kept() {
    let services = chatting();

    let (status, told) = ask(&services, Role::Viewer, &json!({ "question": " Where is the heron? " })).await;

    let id = told["chat_id"].as_str().unwrap().to_owned();
    let source = json!({
        "index": 1, "document_id": 7, "document_name": "Mail 7", "source": "gmail", "document_type": "email",
        "timestamp": "2026-03-02T12:00:00Z", "text_preview": "The heron stands in the reed.", "score": 0.5,
        "file_url": null, "parent_document_id": null,
    });
    let user_id = member(Role::Viewer).to_string();
    let expected = json!({
        "question": "Where is the heron?", "answer": "The heron stands in the reed. [1]", "answered_by": "extract",
        "source_count": 1, "sources": [source], "chat_id": id, "user_id": user_id,
        "company_id": told["company_id"],
    });
    assert_eq!((status, &told), (200, &expected));

    let (_, listed) = get(&services, Role::Viewer, "/api/v1/chats").await;
    let chat = &listed["chats"][0];
    assert_eq!(
        (&chat["id"], &chat["title"], &chat["message_count"]),
        (&json!(id), &json!("Where is the heron?"), &json!(2))
    );
    let (_, said) = get(&services, Role::Viewer, &format!("/api/v1/chats/{id}/messages")).await;
    let roles: Vec<_> = said["messages"].as_array().unwrap().iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["user", "assistant"]);
    assert_eq!(said["messages"][1]["sources"][0]["document_id"], 7);
}

#[actix_web::test]
async fn a_chat_is_begun_and_deleted() {
    let services = chatting();
    let begin = TestRequest::post().uri("/chats").set_json(json!({ "title": "Herons" }));
    let (status, begun) = answer(services.clone(), as_role(Role::User, begin)).await;
    assert_eq!((status, &begun["title"]), (201, &json!("Herons")));
    let unnamed = answer(services.clone(), as_role(Role::User, TestRequest::post().uri("/api/v1/chats"))).await;
    assert_eq!((unnamed.0, &unnamed.1["title"]), (201, &json!("New chat")));
    let path = format!("/api/v1/chats/{}", begun["chat_id"].as_str().unwrap());

    let delete = || as_role(Role::User, TestRequest::delete().uri(&path));
    let (status, deleted) = answer(services.clone(), delete()).await;

    assert_eq!((status, &deleted["success"]), (200, &json!(true)));
    assert_eq!(answer(services.clone(), delete()).await.0, 404);
    assert_eq!(get(&services, Role::User, "/chats").await.1["chats"].as_array().map(Vec::len), Some(1));
}

#[actix_web::test]
async fn somebody_elses_chat_is_absent_whatever_his_role() {
    let services = chatting();
    let (_, told) = ask(&services, Role::User, &json!({ "question": "heron" })).await;
    let id = &told["chat_id"];
    let path = format!("/api/v1/chats/{}", id.as_str().unwrap());

    let reading = get(&services, Role::Owner, &format!("{path}/messages")).await;
    let appending = ask(&services, Role::Owner, &json!({ "question": "heron", "chat_id": id })).await;
    let deleting = answer(services.clone(), as_role(Role::Owner, TestRequest::delete().uri(&path))).await;

    for (status, problem) in [reading, appending, deleting] {
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    }
    assert_eq!(get(&services, Role::Owner, "/api/v1/chats").await.1, json!({ "chats": [], "next_cursor": null }));
    assert_eq!(
        get(&services, Role::User, &format!("{path}/messages")).await.1["messages"].as_array().map(Vec::len),
        Some(2)
    );
}

#[rstest]
#[case::blank(json!({ "question": " " }), "/question")]
#[case::too_long(json!({ "question": "x".repeat(1_001) }), "/question")]
#[actix_web::test]
async fn what_is_no_question_is_not_asked(#[case] body: Value, #[case] pointer: &str) {
    let (status, problem) = ask(&chatting(), Role::User, &body).await;

    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)));
}

#[actix_web::test]
async fn a_title_is_bounded_and_a_cursor_has_to_be_ours() {
    let services = chatting();
    let begin = TestRequest::post().uri("/api/v1/chats").set_json(json!({ "title": "x".repeat(201) }));
    assert_eq!(answer(services.clone(), as_role(Role::User, begin)).await.0, 422);

    let list = call(services, as_role(Role::User, TestRequest::get().uri("/api/v1/chats?cursor=x"))).await;
    problem_of(list, ProblemKind::InvalidQuery).await;
}
