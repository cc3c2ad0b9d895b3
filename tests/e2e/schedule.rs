//! Accounts that are read by themselves.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{connected, visit_with_nango as visit};
use crate::people::MARTA;
use crate::stack::Stack;

/// Two processes would each do so: of all of them one at a time looks.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_webhook_tells_of_is_read_once_its_time_has_come() {
    let stack = Stack::with(&[("SYNC_INTERVAL_SECONDS", "3600")]).await;
    visit(&stack, async |client| {
        let (token, made) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        client.until(&token, "/api/v1/oauth/status", connected).await;
        stack.nango.settled().await;
        let environment = stack.nango.environments().remove(0).name;
        stack.nango.set_webhook_urls(&environment, &[]).unwrap();
        client.sync(&token).await;
        // What was told until then is worked off and read.
        let database = stack.company.connect().await;
        let busy = "select (select count(*) from webhook_inbox where state = 'pending') \
                    + (select count(*) from sync_jobs where status in ('queued', 'running'))";
        while database.query_one(busy, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::task::yield_now().await;
        }
        let record = json!({
            "id": "written-later", "subject": "The gantry crane", "sender": "ada.brook@kestrelpumps.example",
            "recipients": MARTA.email, "date": "2026-03-02T10:00:00Z", "body": "It swings the other way.",
            "threadId": "t-9", "attachments": [],
        });
        stack.nango.change_records(&made, "GmailEmail", &[record], &[]).unwrap();

        stack.company.batch("update sync_jobs set created_at = created_at - interval '2 hours'").await;

        let found = |_: StatusCode, answer: &Value| answer["total"] == 1;
        client.until(&token, "/api/v1/search?query=gantry+crane", found).await;
        let jobs = client.get(&token, "/api/v1/sync/jobs").await;
        let newest = &jobs["items"][0];
        assert_eq!((&newest["trigger"], &newest["kind"]), (&json!("schedule"), &json!("incremental")), "{jobs}");
        assert_eq!((&newest["user_id"], &newest["triggered_by"]), (&json!(MARTA.id.to_string()), &Value::Null));
    })
    .await;
}
