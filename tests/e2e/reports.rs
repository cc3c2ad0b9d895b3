//! A person keeps a report, and shares it when he wants to.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::client::visit_with_nango as visit;
use crate::people::{JONAS, MARTA, VERA};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_kept_by_its_owner_and_read_by_colleagues_once_it_is_shared() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let vera = stack.sign_in(&VERA).await;
        let report = json!({
            "title": "Late pumps", "report_type": "investigation",
            "report_data": { "executive_summary": "Two pumps are late." }, "tags": ["pumps"],
        });
        let (status, kept) = client.call(&vera, Method::POST, "/api/v1/reports/save", Some(report)).await;
        assert_eq!(status, StatusCode::CREATED, "{kept}");
        let id = kept["report_id"].as_str().unwrap();
        let path = format!("/api/v1/reports/{id}");
        assert_eq!(client.get(&vera, &path).await["report_data"]["executive_summary"], "Two pumps are late.");
        assert_eq!(client.get(&vera, "/api/v1/reports/search?q=late").await["total"], 1);

        let marta = stack.sign_in(&MARTA).await;
        let jonas = stack.sign_in(&JONAS).await;
        for token in [&marta, &jonas] {
            let (reading, _) = client.call(token, Method::GET, &path, None).await;
            let (starring, _) = client.call(token, Method::POST, &format!("{path}/star"), None).await;
            let (deleting, _) = client.call(token, Method::DELETE, &path, None).await;
            assert_eq!([reading, starring, deleting], [StatusCode::NOT_FOUND; 3]);
            assert_eq!(client.get(token, "/api/v1/reports/list").await["total"], 0);
        }
        let (status, _) = client.call(&vera, Method::PATCH, &path, Some(json!({ "is_shared": true }))).await;
        assert_eq!(status, StatusCode::OK);
        let shared = client.get(&marta, &path).await;
        assert_eq!((&shared["title"], &shared["is_own"]), (&json!("Late pumps"), &json!(false)));
        let (deleting, _) = client.call(&marta, Method::DELETE, &path, None).await;
        assert_eq!(deleting, StatusCode::NOT_FOUND);

        let (status, _) = client.call(&vera, Method::DELETE, &path, None).await;
        assert_eq!(status, StatusCode::OK);
        let left = "select count(*) from cortex_saved_reports";
        assert_eq!(stack.company.connect().await.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
    })
    .await;
}
