//! A colleague asks what the company knows, and nobody else sees what he asked.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, connected, visit_with_nango as visit};
use crate::people::{JONAS, MARTA, VERA};
use crate::stack::Stack;

impl Client<'_> {
    async fn ask(&self, token: &str, body: Value) -> (StatusCode, Value) {
        self.call(token, Method::POST, "/api/v1/chat", Some(body)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_by_documents_that_a_colleague_brought_in_and_stays_private() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let marta = client.connect(&MARTA, "gmail", MARTA.email).await;
        client.until(&marta, "/api/v1/oauth/status", connected).await;
        client.sync(&marta).await;
        let vera = stack.sign_in(&VERA).await;
        let known = client.get(&vera, "/api/v1/emails?limit=1").await;
        let title = known["items"][0]["title"].as_str().unwrap();

        let (status, told) = client.ask(&vera, json!({ "question": format!("What about {title}?") })).await;

        assert_eq!(status, StatusCode::OK, "{told}");
        let sources = told["sources"].as_array().unwrap();
        assert_eq!(told["source_count"], sources.len());
        let found = sources.iter().find(|source| source["document_name"] == title);
        let number = &found.unwrap_or_else(|| panic!("{title} is no source: {told}"))["index"];
        assert!(number.as_u64() >= Some(1), "{told}");
        // Each line of the answer names its source, whose sentence it is.
        for line in told["answer"].as_str().unwrap().lines() {
            let (sentence, number) = line.rsplit_once(" [").unwrap();
            let source = &sources[number.trim_end_matches(']').parse::<usize>().unwrap() - 1];
            let shown = source["text_preview"].as_str().unwrap();
            let begins: String = sentence.chars().take(40).collect();
            assert!(shown.contains(&begins) || shown.chars().count() == 300, "{line} is not in {shown}");
        }

        let id = told["chat_id"].as_str().unwrap();
        let (_, more) = client.ask(&vera, json!({ "question": "And the pumps?", "chat_id": id })).await;
        assert_eq!(more["chat_id"], id);
        let said = client.get(&vera, &format!("/api/v1/chats/{id}/messages")).await;
        assert_eq!(said["messages"].as_array().unwrap().len(), 4, "{said}");
        assert_eq!(said["messages"][1]["sources"], told["sources"]);

        let jonas = stack.sign_in(&JONAS).await;
        for token in [&marta, &jonas] {
            assert_eq!(client.get(token, "/api/v1/chats").await["chats"], json!([]));
            let path = format!("/api/v1/chats/{id}");
            let (reading, _) = client.call(token, Method::GET, &format!("{path}/messages"), None).await;
            let (appending, _) = client.ask(token, json!({ "question": "pumps", "chat_id": id })).await;
            let (deleting, _) = client.call(token, Method::DELETE, &path, None).await;
            assert_eq!([reading, appending, deleting], [StatusCode::NOT_FOUND; 3]);
        }
        let (status, _) = client.call(&vera, Method::DELETE, &format!("/api/v1/chats/{id}"), None).await;
        assert_eq!(status, StatusCode::OK);
        let left = "select count(*) from chat_messages";
        assert_eq!(stack.company.connect().await.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    })
    .await;
}
