//! A provider that loses most of an account, and what people say to that.

use cortex_sandbox::nango::ConnectionName;
use cortex_sandbox::provider::Account;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, connected, visit_with_nango as visit};
use crate::people::{ADA, JONAS, KESTREL, MARTA};
use crate::stack::Stack;

const DELETIONS: &str = "/api/v1/oauth/deletions";

impl Client<'_> {
    /// Has the bearer's Gmail account read again. Answers what came of it.
    async fn read_again(&self, token: &str) -> Value {
        let (status, started) = self.call(token, Method::POST, "/api/v1/sync/gmail", None).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{started}");
        let path = format!("/api/v1/sync/jobs/{}", started["job_id"].as_str().unwrap());
        let ended = |_: StatusCode, job: &Value| job["status"] != "queued" && job["status"] != "running";
        let job = self.until(token, &path, ended).await;
        assert_eq!(job["status"], "completed", "{job}");
        job
    }

    async fn decide(&self, token: &str, held: &Value, word: &str) -> (StatusCode, Value) {
        let path = format!("{DELETIONS}/{}/{word}", held["id"].as_str().unwrap());
        self.call(token, Method::POST, &path, None).await
    }
}

fn messages(stack: &Stack, made: &ConnectionName, save: std::ops::Range<u32>, delete: std::ops::Range<u32>) {
    let record = |n: u32| {
        json!({
            "id": format!("m-{n}"), "subject": format!("Pump {n}"), "sender": "ada.brook@kestrelpumps.example",
            "recipients": MARTA.email, "date": "2026-03-02T10:00:00Z", "body": format!("It is number {n}."),
            "threadId": format!("t-{n}"), "attachments": [],
        })
    };
    let save: Vec<Value> = save.map(record).collect();
    let delete: Vec<String> = delete.map(|n| format!("m-{n}")).collect();
    stack.nango.change_records(made, "GmailEmail", &save, &delete).unwrap();
}

async fn documents(stack: &Stack) -> i64 {
    let row = stack.company.connect().await.query_one("select count(*) from documents", &[]).await.unwrap();
    row.get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_loses_waits_for_a_word_and_goes_or_stays_by_it() {
    let stack = Stack::start().await;
    stack.nango.put_account(Account::empty(MARTA.email));
    visit(&stack, async |client| {
        let (token, made) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        client.until(&token, "/api/v1/oauth/status", connected).await;
        stack.nango.settled().await;
        messages(&stack, &made, 0..60, 0..0);
        client.sync(&token).await;
        assert_eq!(documents(&stack).await, 60);

        messages(&stack, &made, 0..0, 0..40);
        let job = client.read_again(&token).await;

        assert_eq!((&job["progress"]["held"], &job["progress"]["deleted"]), (&json!(40), &json!(0)), "{job}");
        assert_eq!(documents(&stack).await, 60);
        let (ada, jonas) = (stack.sign_in(&ADA).await, stack.sign_in(&JONAS).await);
        let (status, problem) = client.call(&jonas, Method::GET, DELETIONS, None).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("role_too_low")));
        let listed = client.get(&ada, DELETIONS).await;
        let held = &listed["items"][0];
        let expected = json!({
            "items": [{
                "id": held["id"], "user_id": MARTA.id.to_string(), "user_email": MARTA.email, "provider": "gmail",
                "connection_id": made.connection_id, "model": "GmailEmail", "records": 40, "documents_removed": 0,
                "state": "pending", "created_at": held["created_at"], "decided_at": null, "decided_by": null,
                "job_id": job["id"],
            }],
            "next_cursor": null,
        });
        assert_eq!(listed, expected);

        // The provider has them again, so they were not meant.
        let (status, rejected) = client.decide(&ada, held, "reject").await;
        assert_eq!((status, &rejected["documents_removed"]), (StatusCode::OK, &json!(0)), "{rejected}");
        assert_eq!(documents(&stack).await, 60);
        let (status, problem) = client.decide(&token, held, "confirm").await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("wrong_state")));
        messages(&stack, &made, 0..40, 0..0);
        assert_eq!(client.read_again(&token).await["progress"]["unchanged"], 40);

        // This time they were, but for the ten that come back.
        messages(&stack, &made, 0..0, 0..40);
        client.read_again(&token).await;
        messages(&stack, &made, 0..10, 0..0);
        client.read_again(&token).await;
        let held = client.get(&token, DELETIONS).await["items"][0].clone();
        assert_eq!((&held["state"], &held["records"]), (&json!("pending"), &json!(30)));
        let (status, confirmed) = client.decide(&token, &held, "confirm").await;
        let expected = json!({
            "id": held["id"], "state": "confirmed", "records": 30, "documents_removed": 30,
            "user_id": MARTA.id.to_string(), "company_id": KESTREL.to_string(),
        });
        assert_eq!((status, confirmed), (StatusCode::OK, expected));
        assert_eq!(documents(&stack).await, 30);
        let decisions = client.get(&ada, DELETIONS).await["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|held| (held["state"].clone(), held["decided_by"].clone()))
            .collect::<Vec<_>>();
        let by = |id: cortex_kernel::UserId| json!(id.to_string());
        assert_eq!(decisions, [(json!("confirmed"), by(MARTA.id)), (json!("rejected"), by(ADA.id))]);
    })
    .await;
    let told = "select string_agg(format('%s %s %s', action, user_id, request_id is not null), ', ' \
                  order by created_at) \
                from admin_audit_log where action like 'deletions%'";
    let row = stack.company.connect().await.query_one(told, &[]).await.unwrap();
    let expected = format!("deletions_rejected {} t, deletions_confirmed {} t", ADA.id, MARTA.id);
    assert_eq!(row.get::<_, String>(0), expected);
}
