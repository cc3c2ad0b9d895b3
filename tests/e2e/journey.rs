//! The main job, over sockets: connect, sync, search, and what must not work on the way.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{connected, visit_with_nango as visit};
use crate::people::{JONAS, KESTREL, MARTA, OLIVE, STRANGER};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_brings_in_a_colleague_finds_with_who_and_how() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let marta = client.connect(&MARTA, "gmail", MARTA.email).await;
        let jonas = client.connect(&JONAS, "gmail", JONAS.email).await;
        client.until(&marta, "/api/v1/oauth/status", connected).await;
        client.until(&jonas, "/api/v1/oauth/status", connected).await;
        let brought = client.sync(&jonas).await;
        assert!(brought["progress"]["added"].as_u64().unwrap() > 10, "{brought}");

        let query = json!({ "query": "pump", "limit": 200 });
        let (status, found) = client.call(&marta, Method::POST, "/api/v1/search", Some(query)).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        let first = &found["results"][0];
        assert_eq!(first["ingested_by_user_id"], JONAS.id.to_string(), "{found}");
        assert_eq!(first["ingestion_method"], "oauth_sync");

        client.sync(&marta).await;
        let documents = client.get(&marta, "/api/v1/documents?limit=200").await;
        let mut shared = 0;
        for document in documents["items"].as_array().unwrap() {
            let path = format!("/api/v1/documents/{}/provenance", document["id"]);
            let sources = client.get(&marta, &path).await["sources"].as_array().unwrap().clone();
            if sources.len() == 2 {
                assert_ne!(sources[0]["user_id"], sources[1]["user_id"]);
                shared += 1;
            }
        }
        assert!(shared > 0, "messages that both got are one document with two sources");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_there_before_search_was_is_found() {
    let stack = Stack::start().await;
    let insert = format!(
        "insert into documents (tenant_id, source, source_id, document_type, title, content) \
         values ('{KESTREL}', 'google_drive', 'old', 'file', 'Gantry', 'An old plan'); \
         alter table documents disable trigger user; update documents set search_vector = null, search_version = 0; \
         alter table documents enable trigger user"
    );
    stack.company.batch(&insert).await;
    visit(&stack, async |client| {
        let token = stack.sign_in(&MARTA).await;
        let found = |_: StatusCode, answer: &Value| answer["total"] == 1;
        client.until(&token, "/api/v1/search?query=gantry", found).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_belong_here_gets_nothing() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        for person in [&OLIVE, &STRANGER] {
            let token = stack.sign_in(person).await;
            for path in ["/api/v1/me", "/api/v1/documents", "/api/v1/oauth/status", "/api/v1/documents/1"] {
                let (status, problem) = client.call(&token, Method::GET, path, None).await;
                assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {problem}");
            }
        }
        let (status, _) = client.call("nonsense", Method::GET, "/api/v1/me", None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let forged = client
            .request(Method::POST, "/nango/webhook")
            .header("X-Nango-Hmac-Sha256", "00".repeat(32))
            .body(r#"{"type":"auth"}"#)
            .send()
            .await
            .unwrap();
        assert_eq!(forged.status(), StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_does_not_take_the_place_of_the_first() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let token = client.connect(&MARTA, "gmail", MARTA.email).await;
        let before = client.until(&token, "/api/v1/oauth/status", connected).await;

        client.connect(&MARTA, "gmail", JONAS.email).await;
        let told = |_: StatusCode, status: &Value| status["providers"]["gmail"]["reason"] == "account_mismatch";
        let after = client.until(&token, "/api/v1/oauth/status", told).await;

        assert_eq!(after["providers"]["gmail"]["connection_id"], before["providers"]["gmail"]["connection_id"]);
        assert_eq!(after["providers"]["gmail"]["account_email"], MARTA.email);
    })
    .await;
}
