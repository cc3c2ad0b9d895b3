//! How a sync gets on, as its person watches it, what it comes to in the database, and when it may begin once more.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::client::visit_with_nango as visit;
use crate::people::{JONAS, KESTREL, MARTA};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_is_watched_to_its_end_and_its_totals_are_those_of_the_database() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let token = client.connect(&MARTA, "gmail", MARTA.email).await;
        client.until(&token, "/api/v1/oauth/status", crate::client::connected).await;
        let (status, started) = client.call(&token, Method::POST, "/api/v1/sync/initial/gmail", None).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{started}");
        let path = format!("/api/v1/sync/jobs/{}", started["job_id"].as_str().unwrap());

        let watching = client.request(Method::GET, &format!("{path}/events")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(watching.headers()["content-type"], "text/event-stream");
        let heard = watching.text().await.unwrap();
        let jobs: Vec<Value> = heard
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|job| serde_json::from_str(job).unwrap())
            .collect();

        let last = jobs.last().unwrap();
        assert_eq!(last, &client.get(&token, &path).await);
        assert_eq!(last["status"], "completed", "{last}");
        let seen: Vec<_> = jobs.iter().map(|job| job["progress"]["seen"].as_u64().unwrap()).collect();
        assert!(seen.is_sorted(), "{seen:?}");
        let sources = "select count(*) from document_sources where connection_id in \
                       (select id from connections where user_id = $1) and vanished_at is null";
        let row = stack.company.connect().await.query_one(sources, &[&MARTA.id.to_string()]).await.unwrap();
        let brought: i64 = row.get(0);
        assert_eq!(last["progress"]["added"].as_i64(), Some(brought), "{last}");

        let jonas = stack.sign_in(&JONAS).await;
        let (status, _) = client.call(&jonas, Method::GET, &format!("{path}/events"), None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn masters_leave_lets_one_initial_sync_of_the_company_begin_once_more() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let token = client.connect(&MARTA, "gmail", MARTA.email).await;
        client.until(&token, "/api/v1/oauth/status", crate::client::connected).await;
        client.sync(&token).await;
        let again = async || client.call(&token, Method::POST, "/api/v1/sync/initial/gmail", None).await;
        assert_eq!(again().await.0, StatusCode::FORBIDDEN);
        let insert = "insert into sync_permissions (company_id, can_manual_sync_override) values";
        stack.master.batch(&format!("{insert} ('{KESTREL}', true)")).await;

        client.sync(&token).await;

        assert_eq!(again().await.0, StatusCode::FORBIDDEN, "it is used up");
        let consumed = "select count(*) from admin_audit_log where action = 'override_consumed'";
        let row = stack.company.connect().await.query_one(consumed, &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 1);
    })
    .await;
}
