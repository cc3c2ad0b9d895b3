//! What should be looked at is found once, until it is dismissed or over.

use cortex_sandbox::nango::ConnectionName;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::client::{Client, is_connected, visit, visit_with_nango};
use crate::people::{ADA, BRAMBLEWICK, JONAS, MARTA, VERA};
use crate::stack::Stack;

const ACTIVE: &str = "/api/v1/alerts/active?limit=200";

/// An invoice of which so much is open, three months after it was due.
fn invoice(now: OffsetDateTime, balance: &str, note: &str) -> Value {
    let made = now - Duration::days(120);
    let moment = made.format(&Rfc3339).unwrap();
    json!({
        "id": "9001", "docNumber": "9001", "customerName": "Tern Hotels", "totalAmount": "480.50", "balance": balance,
        "transactionDate": made.date().to_string(), "dueDate": due(now), "currency": "GBP", "privateNote": note,
        "lines": [], "createdAt": moment, "updatedAt": moment,
    })
}

fn due(now: OffsetDateTime) -> String {
    (now - Duration::days(90)).date().to_string()
}

impl Client<'_> {
    /// Has what changed in the bearer's account read to its end.
    async fn sync_again(&self, token: &str, provider: &str) {
        let (status, started) = self.call(token, Method::POST, &format!("/api/v1/sync/{provider}"), None).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{started}");
        self.completed(token, &started).await;
    }

    /// Has the rules put to all documents.
    async fn evaluate(&self, token: &str) {
        let (status, started) = self.call(token, Method::POST, "/api/v1/alerts/backfill", None).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{started}");
        self.completed(token, &started).await;
    }

    async fn completed(&self, token: &str, started: &Value) {
        let path = format!("/api/v1/sync/jobs/{}", started["job_id"].as_str().unwrap());
        let ended = |_: StatusCode, job: &Value| job["status"] != "queued" && job["status"] != "running";
        let job = self.until(token, &path, ended).await;
        assert_eq!(job["status"], "completed", "{job}");
    }

    /// The active alerts of that rule about that document.
    async fn active(&self, token: &str, rule: &str, title: &str) -> Vec<Value> {
        let listed = self.get(token, ACTIVE).await;
        let alerts = listed["alerts"].as_array().unwrap();
        let about = |alert: &&Value| {
            alert["alert_type"] == rule && alert["document_title"].as_str().is_some_and(|known| known.contains(title))
        };
        alerts.iter().filter(about).cloned().collect()
    }
}

/// A mail from outside that cannot wait.
fn urgent_mail(stack: &Stack, made: &ConnectionName, now: OffsetDateTime) {
    let yesterday = now - Duration::DAY;
    let record = json!({
        "id": "cannot-wait", "subject": "Pump four is out", "sender": "Pat Moor <pat@moor-estate.example>",
        "recipients": MARTA.email, "date": yesterday.format(&Rfc3339).unwrap(),
        "body": "This is URGENT. The pump that you sent is faulty.", "threadId": "t-moor", "attachments": [],
    });
    stack.nango.change_records(made, "GmailEmail", &[record], &[]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_urgent_or_overdue_is_one_alert_until_it_is_dismissed_or_over() {
    let stack = Stack::start().await;
    visit_with_nango(&stack, async |client| {
        let (marta, mailbox) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        client.until(&marta, "/api/v1/oauth/status", is_connected("gmail")).await;
        let (_, books) = client.connect_as(&MARTA, "quickbooks", MARTA.email).await;
        client.until(&marta, "/api/v1/oauth/status", is_connected("quickbooks")).await;
        stack.nango.settled().await;
        let now = stack.nango.clock().now();
        urgent_mail(&stack, &mailbox, now);
        stack.nango.change_records(&books, "Invoice", &[invoice(now, "480.50", "")], &[]).unwrap();
        for provider in ["gmail", "quickbooks"] {
            client.sync_of(&marta, provider).await;
        }
        let [ada, jonas, vera] = [stack.sign_in(&ADA).await, stack.sign_in(&JONAS).await, stack.sign_in(&VERA).await];

        client.evaluate(&ada).await;

        let mail = client.active(&vera, "urgent_mail", "Pump four").await;
        assert_eq!(mail.len(), 1, "{mail:?}");
        assert_eq!((&mail[0]["urgency_level"], &mail[0]["document_source"]), (&json!("critical"), &json!("gmail")));
        let overdue = client.active(&vera, "overdue_invoice", "9001").await;
        assert_eq!(overdue.len(), 1, "{overdue:?}");
        let summary = format!("Invoice 9001 to Tern Hotels was due on {}; 480.50 GBP is open.", due(now));
        assert_eq!((&overdue[0]["summary"], &overdue[0]["urgency_level"]), (&json!(summary), &json!("critical")));

        // Everything is read again, one of them with something new in it.
        stack.nango.change_records(&books, "Invoice", &[invoice(now, "480.50", "Asked for it.")], &[]).unwrap();
        urgent_mail(&stack, &mailbox, now);
        for provider in ["gmail", "quickbooks"] {
            client.sync_again(&marta, provider).await;
        }
        client.evaluate(&ada).await;
        assert_eq!(client.active(&vera, "urgent_mail", "Pump four").await, mail);
        assert_eq!(client.active(&vera, "overdue_invoice", "9001").await, overdue);

        looked_into_and_dismissed(&client, [&jonas, &vera], mail[0]["alert_id"].as_str().unwrap()).await;
        client.evaluate(&ada).await;
        assert!(client.active(&vera, "urgent_mail", "Pump four").await.is_empty());

        stack.nango.change_records(&books, "Invoice", &[invoice(now, "0", "Paid.")], &[]).unwrap();
        client.sync_again(&marta, "quickbooks").await;
        client.evaluate(&ada).await;
        let id = overdue[0]["alert_id"].as_str().unwrap();
        let paid = client.get(&vera, &format!("/api/v1/alerts/{id}")).await;
        assert_eq!((&paid["alert"]["status"], &paid["alert"]["dismissed_by"]), (&json!("resolved"), &Value::Null));

        another_company_is_absent(&client, &vera).await;
    })
    .await;
}

async fn looked_into_and_dismissed(client: &Client<'_>, [jonas, vera]: [&str; 2], id: &str) {
    let path = format!("/api/v1/alerts/{id}");
    let (status, told) = client.call(jonas, Method::POST, &format!("{path}/investigate"), None).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let report = &told["report"];
    let sources = report["sources"].as_array().unwrap();
    assert_eq!(report["alert_context"]["source_document"]["title"], "Pump four is out");
    assert!(sources.iter().any(|source| source["metadata"]["title"] == "Pump four is out"), "{report}");
    let customers = report["impact"]["customers_affected"].as_array().unwrap();
    assert!(customers.iter().all(|name| !name.as_str().unwrap().is_empty()), "{report}");

    let note = json!({ "note": "A new pump is on its way." });
    let (status, told) = client.call(jonas, Method::POST, &format!("{path}/dismiss"), Some(note)).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let one = client.get(vera, &path).await;
    let one = &one["alert"];
    assert_eq!((&one["status"], &one["dismissed_by"]), (&json!("dismissed"), &json!(JONAS.id.to_string())));
    assert_eq!((&one["note"], &one["investigation_count"]), (&json!("A new pump is on its way."), &json!(1)));
    let audited =
        "select count(*) from admin_audit_log where action = 'alert_dismissed' and user_id = $1 and resource_id = $2";
    let database = client.stack.company.connect().await;
    let row = database.query_one(audited, &[&JONAS.id.to_string(), &id]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1);
}

/// The database of the test holds something of it.
async fn another_company_is_absent(client: &Client<'_>, token: &str) {
    let before = client.get(token, "/api/v1/alerts/stats").await["stats"].clone();
    let insert = format!(
        "insert into cortex_alerts (id, tenant_id, rule, subject, mark, urgency, summary, key_entities) values \
           ('00000000-0000-4000-8000-000000000009', '{BRAMBLEWICK}', 'urgent_mail', '1', 'urgent', 4, 'Theirs.', '{{}}')"
    );
    client.stack.company.batch(&insert).await;

    assert_eq!(client.get(token, "/api/v1/alerts/stats").await["stats"], before);
    let dashboard = client.get(token, "/api/v1/dashboard").await;
    assert_eq!(dashboard["open_alerts"]["total"], before["total_active"]);
    for path in [ACTIVE, "/api/v1/alerts/history?days=365"] {
        let told = client.get(token, path).await.to_string();
        assert!(!told.contains("Theirs."), "{told}");
    }
    let theirs = "/api/v1/alerts/00000000-0000-4000-8000-000000000009";
    assert_eq!(client.call(token, Method::GET, theirs, None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_are_evaluated_by_themselves() {
    let stack = Stack::with(&[("ALERT_INTERVAL_MINUTES", "1440")]).await;
    visit(&stack, true, async |_| {
        let database = stack.company.connect().await;
        let done = "select count(*) filter (where status = 'completed'), count(*) from sync_jobs \
                    where kind = 'alert_rules' and trigger = 'schedule'";
        let begun = std::time::Instant::now();
        loop {
            let row = database.query_one(done, &[]).await.unwrap();
            if row.get::<_, i64>(0) > 0 {
                break;
            }
            assert!(begun.elapsed() < std::time::Duration::from_mins(1), "nobody evaluates");
            tokio::task::yield_now().await;
        }
        let rules = "select count(*) from cortex_alert_rules where is_on";
        assert_eq!(database.query_one(rules, &[]).await.unwrap().get::<_, i64>(0), 9);
    })
    .await;
}
