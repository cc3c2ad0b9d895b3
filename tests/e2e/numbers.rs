//! What the company sees of its mail: counted as it came, summed up by a job that a member asks for; and what the service
//! keeps of its counts by itself.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{connected, visit_with_nango as visit};
use crate::people::{KESTREL, MARTA, VERA};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_counted_and_days_are_summed_up_by_a_job() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let marta = client.connect(&MARTA, "gmail", MARTA.email).await;
        client.until(&marta, "/api/v1/oauth/status", connected).await;
        client.sync(&marta).await;
        let vera = stack.sign_in(&VERA).await;
        let counted = stack.company.connect().await;
        let count = async |condition: &str| -> i64 {
            let query = format!("select count(*) from documents where document_type = 'email' and {condition}");
            counted.query_one(&query, &[]).await.unwrap().get(0)
        };

        let patterns = client.get(&vera, "/api/v1/analytics/communication/patterns?days=365").await;
        let of_the_year = "source_created_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' \
                           - interval '364 days'";
        assert_eq!(patterns["total_emails"].as_i64(), Some(count(of_the_year).await), "{patterns}");
        let top = &patterns["top_senders"][0];
        let sender = top["email"].as_str().unwrap();
        let of_top = format!("{of_the_year} and lower(metadata ->> 'sender_address') = '{sender}'");
        assert_eq!(top["email_count"].as_i64(), Some(count(&of_top).await), "{top}");
        let network = client.get(&vera, "/api/v1/analytics/relationships/network?days=365").await;
        let marta_is_there = network["nodes"].as_array().unwrap().iter().any(|node| node["id"] == MARTA.email);
        assert!(marta_is_there, "{network}");

        // A viewer reads what a member had computed.
        let (status, refused) = client.call(&vera, Method::POST, "/api/v1/insights/generate", None).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
        let (status, queued) = client.call(&marta, Method::POST, "/api/v1/insights/generate", None).await;
        assert_eq!((status, &queued["user_id"]), (StatusCode::ACCEPTED, &json!(MARTA.id.to_string())), "{queued}");
        let job = format!("/api/v1/sync/jobs/{}", queued["job_id"].as_str().unwrap());
        client.until(&marta, &job, |_, job: &Value| job["status"] == "completed").await;
        let kept = "select count(*) from summaries";
        assert!(counted.query_one(kept, &[]).await.unwrap().get::<_, i64>(0) >= 4);
        let month = client.get(&vera, "/api/v1/intelligence/monthly").await;
        let of_the_month = "coalesce(source_created_at, ingested_at) >= \
                            date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'";
        assert_eq!(month["totals"]["emails"].as_i64(), Some(count(of_the_month).await), "{month}");
        let insights = client.get(&vera, "/api/v1/insights/monthly").await;
        let known = insights["insights"].as_array().unwrap();
        let sources = known.iter().flat_map(|insight| insight["sources"].as_array().unwrap());
        for source in sources {
            let document = client.get(&vera, &format!("/api/v1/documents/{}", source["document_id"])).await;
            assert_eq!(document["title"], source["quote"], "{source}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_folded_and_months_that_are_over_are_kept_by_the_service() {
    let stack = Stack::start().await;
    let mails = format!(
        "insert into documents (tenant_id, source, source_id, document_type, title, content, metadata, source_created_at) \
         select '{KESTREL}', 'gmail', n::text, 'email', 't', 'c', \
           jsonb_build_object('sender_address', 'nora@yard.example', 'to_addresses', jsonb_build_array('ida@tern.example')), \
           now() - interval '60 days' from generate_series(1, 3) n; \
         insert into documents (tenant_id, source, source_id, document_type, title, content) \
         values ('{KESTREL}', 'gmail', '4', 'file', 't', 'c')"
    );
    stack.company.batch(&mails).await;
    let company = stack.company.connect().await;
    let count = async |rows: &str| -> i64 {
        company.query_one(&format!("select count(*) from {rows}"), &[]).await.unwrap().get(0)
    };
    assert_eq!((count("document_days").await, count("mail_months").await), (2, 0));

    visit(&stack, async |client| {
        let kept = async { while count("document_days").await > 1 || count("mail_months").await < 1 {} };
        tokio::time::timeout(Duration::from_secs(30), kept).await.expect("counts are kept");

        let vera = stack.sign_in(&VERA).await;
        let dashboard = client.get(&vera, "/api/v1/dashboard").await;
        assert_eq!(dashboard["documents"]["by_source"][0]["documents"], 4, "{dashboard}");
        let network = client.get(&vera, "/api/v1/analytics/relationships/network?days=365").await;
        assert_eq!(network["edges"][0]["count"], 3, "{network}");
    })
    .await;
}
