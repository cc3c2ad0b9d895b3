//! PostgreSQL goes away in the middle of a sync and comes back.

use std::collections::BTreeMap;

use cortex_sandbox::faults::{Fault, FaultKind};
use cortex_sandbox::nango::SyncScript;
use cortex_test_support::{TestServer, connect};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{connected, visit_with_nango as visit};
use crate::people::MARTA;
use crate::stack::Stack;

const RECORDS: usize = 1_500;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_postgresql_costs_time_only() {
    let stack = Stack::with(&[("SYNC_LEASE_SECONDS", "2"), ("DATABASE_ACQUIRE_TIMEOUT_MS", "500")]).await;
    visit(&stack, async |client| {
        let (token, made) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        client.until(&token, "/api/v1/oauth/status", connected).await;
        stack.nango.settled().await;
        let save = BTreeMap::from([("GmailEmail".to_owned(), (0..RECORDS).map(record).collect::<Vec<_>>())]);
        let script = SyncScript { save, track_deletes: true, ..SyncScript::default() };
        stack.nango.plan_run(&made, "emails", script).unwrap();
        assert!(stack.nango.run_sync(&made, "emails").await.unwrap());
        // The member's own wish to fetch would put the mailbox in place of these.
        stack.nango.set_scheduler_down(true);
        let slow = FaultKind::Delay { millis: 100 };
        stack.nango.faults().add(Fault { path_prefix: "/records".to_owned(), method: None, times: None, fault: slow });
        let (_, started) = client.call(&token, Method::POST, "/api/v1/sync/initial/gmail", None).await;
        let path = format!("/api/v1/sync/jobs/{}", started["job_id"].as_str().unwrap());
        client.until(&token, &path, |_, job: &Value| job["progress"]["pages"].as_u64() >= Some(2)).await;
        assert_eq!(client.get(&token, &path).await["status"], "running", "it is in the middle of it");

        away(&stack, true).await;
        let is_down = |status: StatusCode, _: &Value| status == StatusCode::SERVICE_UNAVAILABLE;
        client.until(&token, "/health/ready", is_down).await;
        let (status, problem) = client.call(&token, Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
        away(&stack, false).await;

        client.until(&token, "/health/ready", |status, _| status == StatusCode::OK).await;
        let job = client.until(&token, &path, |_, job: &Value| job["completed_at"].is_string()).await;
        assert_eq!(job["status"], "completed", "{job}");
        let query = "select count(*), count(distinct source_id) from documents where source = 'gmail'";
        let row = stack.company.connect().await.query_one(query, &[]).await.unwrap();
        let expected = i64::try_from(RECORDS).unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (expected, expected), "{job}");
        assert_eq!(job["progress"]["added"].as_i64(), Some(expected), "{job}");
    })
    .await;
}

/// Ends every session in both databases and lets nobody in, as a server that is stopped; or lets them in again.
async fn away(stack: &Stack, is_away: bool) {
    let session = connect(&TestServer::from_env().url("postgres")).await.unwrap();
    for database in [stack.master.name(), stack.company.name()] {
        let allow = if is_away { "false" } else { "true" };
        session.batch_execute(&format!("alter database {database} allow_connections {allow}")).await.unwrap();
        if is_away {
            let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
            session.execute(end, &[&database]).await.unwrap();
        }
    }
}

fn record(number: usize) -> Value {
    json!({
        "id": format!("record-{number}"),
        "threadId": format!("record-{number}"),
        "sender": "Works <works@kestrelpumps.example>",
        "recipients": MARTA.email,
        "subject": format!("Report {number}"),
        "body": "The seal holds.",
        "attachments": [],
    })
}
