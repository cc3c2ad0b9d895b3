//! A company is told of its days; a person keeps a report, and shares it when he wants to.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{connected, visit_with_nango as visit};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_reported_by_what_a_colleague_brought_in_and_handed_out_as_a_file() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let marta = client.connect(&MARTA, "gmail", MARTA.email).await;
        client.until(&marta, "/api/v1/oauth/status", connected).await;
        client.sync(&marta).await;
        let vera = stack.sign_in(&VERA).await;
        let mails = client.get(&marta, "/api/v1/emails?limit=200").await;
        let is_from_outside = |mail: &&Value| {
            mail["sender_address"].as_str().is_some_and(|address| !address.ends_with("@kestrelpumps.example"))
        };
        let mail = mails["items"].as_array().unwrap().iter().find(is_from_outside).unwrap();
        let day = &mail["created_at"].as_str().unwrap()[..10];
        let generate = "/api/v1/reports/daily/generate";
        let wish = json!({ "report_type": "client_relationships", "target_date": day });
        let (refused, _) = client.call(&vera, Method::POST, generate, Some(wish.clone())).await;
        assert_eq!(refused, StatusCode::FORBIDDEN);

        let (status, told) = client.call(&marta, Method::POST, generate, Some(wish)).await;

        assert_eq!(status, StatusCode::OK, "{told}");
        let report = &told["report"];
        assert_eq!((&report["report_date"], &report["report_type"]), (&json!(day), &json!("client_relationships")));
        let sections = report["full_report"]["sections"].as_array().unwrap();
        assert_eq!(sections.len(), 4);
        let told_of: Vec<_> = sections.iter().flat_map(|section| section["sources"].as_array().unwrap()).collect();
        assert!(!told_of.is_empty(), "{report}");
        for source in told_of {
            let document = client.get(&vera, &format!("/api/v1/documents/{}", source["document_id"])).await;
            assert_eq!(document["title"], source["title"]);
        }
        let path = format!("/api/v1/reports/daily/{day}");
        assert_eq!(client.get(&vera, &format!("{path}?report_type=client_relationships")).await["reports"][0], *report);

        for (format, kind, begins) in [
            ("md", "text/markdown", "# Client"),
            ("html", "text/html", "<!doctype html>"),
            ("pdf", "application/pdf", "%PDF-"),
        ] {
            let file = format!("{path}/download?format={format}&report_type=client_relationships");
            let answer = client.request(Method::GET, &file).bearer_auth(&vera).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{format}");
            assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(kind), "{format}");
            assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"), "{format}");
            assert!(answer.bytes().await.unwrap().starts_with(begins.as_bytes()), "{format}");
        }
    })
    .await;
}
