//! Messages whose records have no text: their texts and files are fetched, and what is not to be had comes in later.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, connected, visit_with_nango as visit};
use crate::people::MARTA;
use crate::stack::Stack;

const MESSAGES: &str = "/proxy/gmail/v1/users/me/messages";

#[tokio::test(flavor = "multi_thread")]
async fn messages_without_texts_are_found_by_what_they_and_their_files_say() {
    let stack = Stack::of_current_models().await;
    visit(&stack, async |client| {
        let token = connect(&stack, &client).await;

        client.sync(&token).await;

        assert_eq!(incomplete(&stack).await, 0);
        all_is_there(&stack).await;
        let files = "select id, content from documents where document_type = 'attachment' and content <> '' limit 1";
        let row = stack.company.connect().await.query_one(files, &[]).await.unwrap();
        let (id, content): (i64, String) = (row.get(0), row.get(1));
        let words: Vec<_> = content.split_whitespace().take(4).collect();
        let query = json!({ "query": words.join(" "), "limit": 200 });
        let (status, found) = client.call(&token, Method::POST, "/api/v1/search", Some(query)).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        let hits = found["results"].as_array().unwrap();
        assert!(hits.iter().any(|hit| hit["document_id"] == json!(id)), "{words:?} {found}");
        let jobs = client.get(&token, "/api/v1/sync/jobs").await;
        assert!(!kinds(&jobs).contains(&"content"), "nothing lacked: {jobs}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_does_not_hand_over_at_first_comes_in_by_a_job_of_its_own() {
    let stack = Stack::of_current_models().await;
    visit(&stack, async |client| {
        let token = connect(&stack, &client).await;
        stack.nango.faults().fail_all(MESSAGES, 500);
        client.sync(&token).await;
        let lacking = incomplete(&stack).await;
        assert!(lacking > 0);
        assert_eq!(rows(&stack, "select count(*) from unfinished_contents").await, lacking);
        let waits = |_: StatusCode, jobs: &Value| {
            kinds(jobs).contains(&"content") && jobs.to_string().contains("contents_incomplete")
        };
        client.until(&token, "/api/v1/sync/jobs", waits).await;

        stack.nango.faults().clear();
        let due = "update unfinished_contents set next_at = now(); \
                   update sync_jobs set run_after = now() where kind = 'content' and status = 'queued'";
        stack.company.batch(due).await;

        let ended = |_: StatusCode, jobs: &Value| {
            jobs["items"]
                .as_array()
                .is_some_and(|jobs| jobs.iter().any(|job| job["kind"] == "content" && job["status"] == "completed"))
        };
        client.until(&token, "/api/v1/sync/jobs", ended).await;
        assert_eq!(incomplete(&stack).await, 0);
        assert_eq!(rows(&stack, "select count(*) from unfinished_contents").await, 0);
        all_is_there(&stack).await;
    })
    .await;
}

/// Marta's mailbox as the current models have it, which leave out texts.
async fn connect(stack: &Stack, client: &Client<'_>) -> String {
    let token = client.connect(&MARTA, "gmail", MARTA.email).await;
    client.until(&token, "/api/v1/oauth/status", connected).await;
    stack.nango.settled().await;
    // A message is a call.
    stack.nango.set_rate_limit(0);
    token
}

/// Every message has the text that the mailbox has, and every file that has text has it.
async fn all_is_there(stack: &Stack) {
    let account = stack.nango.provider().find_account(MARTA.email).unwrap();
    let company = stack.company.connect().await;
    let mut files = 0;
    for message in &account.mailbox.messages {
        let query = "select content from documents where source_id = $1 and document_type = 'email'";
        let content: String = company.query_one(query, &[&message.id]).await.unwrap().get(0);
        if let Some(word) = message.body_text().as_deref().and_then(|text| text.split_whitespace().last()) {
            assert!(content.contains(word), "{}: {word} is not in {content}", message.id);
        }
        files += message.attachments().iter().filter(|file| !file.inline).count();
    }
    assert!(files > 0, "there is something to be read");
    let attached = "select count(*) from documents where document_type = 'attachment' and content <> '' \
                    and not metadata ? 'content_error'";
    assert!(rows(stack, attached).await > 0);
    let left = "select count(*) from document_sources where source_id in \
                (select source_id from documents where document_type = 'email') and fingerprint is null";
    assert_eq!(rows(stack, left).await, 0, "what was had is known by what it said");
}

async fn incomplete(stack: &Stack) -> i64 {
    rows(stack, "select count(*) from documents where content_incomplete").await
}

async fn rows(stack: &Stack, count: &str) -> i64 {
    stack.company.connect().await.query_one(count, &[]).await.unwrap().get(0)
}

fn kinds(jobs: &Value) -> Vec<&str> {
    jobs["items"].as_array().into_iter().flatten().filter_map(|job| job["kind"].as_str()).collect()
}
