//! What the audit log tells of everything that members and admins do, and that nobody changes it unseen.

use cortex_app::commands::audit;
use cortex_app::config::AuditConfig;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::admin::{PIN, PIN_HASH};
use crate::client::{self, Client};
use crate::people::{JONAS, KESTREL, MARTA, Person, VERA};
use crate::stack::Stack;

const AGENT: &str = "audit-trail-test/1.0";

impl Client<'_> {
    /// Calls under a request id of its own, by a program with a name, as a member or with a session of the panel.
    async fn act(
        &self,
        id: &str,
        credentials: [&str; 2],
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let [header, value] = credentials;
        let request = self.request(method, path).header(header, value).header("X-Request-Id", id);
        let answer = request.header("User-Agent", AGENT).json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// The rows of the log under that request id, once there are any: those of Master are copied by another task.
    async fn told_of(&self, session: &str, id: &str) -> Vec<Value> {
        let begun = std::time::Instant::now();
        loop {
            let answer = self.request(Method::GET, "/admin/audit-log?limit=200").header("X-Admin-Session", session);
            let listed: Value = answer.send().await.unwrap().json().await.unwrap();
            let rows = listed["logs"].as_array().unwrap_or_else(|| panic!("{listed}"));
            let of_request: Vec<_> = rows.iter().filter(|row| row["request_id"] == id).cloned().collect();
            if !of_request.is_empty() {
                return of_request;
            }
            assert!(begun.elapsed() < std::time::Duration::from_mins(1), "nothing is told of {id}: {listed}");
            tokio::task::yield_now().await;
        }
    }
}

/// Something that a member does, and what is told of whom.
struct Act<'a> {
    id: &'a str,
    by: [&'a str; 2],
    method: Method,
    path: &'a str,
    body: Value,
    action: &'a str,
    of: &'a Person,
}

async fn bearer(stack: &Stack, person: &Person) -> String {
    format!("Bearer {}", stack.sign_in(person).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_changes_something_is_told_with_who_for_which_company_from_where_and_by_which_request() {
    let stack = Stack::with(&[("ADMIN_PIN_HASH", PIN_HASH)]).await;
    stack
        .company
        .batch(&format!(
            "insert into connections (tenant_id, provider_key, connection_id, user_id, user_email, status) \
             values ('{KESTREL}', 'gmail', 'broker-1', '{}', '{}', 'active')",
            JONAS.id, JONAS.email
        ))
        .await;
    client::visit(&stack, false, async |client| {
        let (marta, jonas) = (bearer(&stack, &MARTA).await, bearer(&stack, &JONAS).await);
        let (marta, jonas) = (["Authorization", &*marta], ["Authorization", &*jonas]);
        let nobody = ["X-Nothing", "nothing"];
        let vera = format!("/api/v1/users/{}", VERA.id);
        let invitation = json!({ "email": "nils.aas@kestrelpumps.example", "role": "user" });

        let act = |id, by, (method, path), body, action, of| Act { id, by, method, path, body, action, of };
        let (connect, reconnect) =
            ("/api/v1/oauth/connect/start?provider=outlook", "/api/v1/oauth/connect/reconnect?provider=gmail");
        let (initial, incremental) = ("/api/v1/sync/initial/gmail", "/api/v1/sync/gmail");
        let none = || json!({});
        let acts = [
            act("trail-connect", jonas, (Method::POST, connect), none(), "connection_initiated", &JONAS),
            act("trail-reconnect", jonas, (Method::POST, reconnect), none(), "connection_reconnect_initiated", &JONAS),
            act("trail-initial", jonas, (Method::POST, initial), none(), "sync_triggered", &JONAS),
            act("trail-incremental", jonas, (Method::POST, incremental), none(), "sync_triggered", &JONAS),
            act("trail-invite", marta, (Method::POST, "/api/v1/users/invite"), invitation, "user_invited", &MARTA),
            act(
                "trail-promote",
                marta,
                (Method::PATCH, &vera),
                json!({ "role": "admin" }),
                "user_role_changed",
                &MARTA,
            ),
            act("trail-remove", marta, (Method::DELETE, &vera), none(), "user_deactivated", &MARTA),
        ];
        for Act { id, by, method, path, body, .. } in &acts {
            let (status, answer) = client.act(id, *by, method.clone(), path, body.clone()).await;
            assert!(status.is_success(), "{method} {path}: {status} {answer}");
        }
        let (status, refused) =
            client.act("trail-wrong-pin", nobody, Method::POST, "/admin/auth", json!({ "pin": "111111" })).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{refused}");
        let (status, opened) =
            client.act("trail-login", nobody, Method::POST, "/admin/auth", json!({ "pin": PIN })).await;
        assert_eq!(status, StatusCode::OK, "{opened}");
        let session = opened["session_token"].as_str().unwrap();
        let admin = ["X-Admin-Session", session];
        let sync = format!("/admin/connectors/sync?user_id={}&provider=gmail", JONAS.id);
        let (status, answer) = client.act("trail-admin-sync", admin, Method::POST, &sync, json!({})).await;
        assert_eq!(status, StatusCode::OK, "{answer}");

        for Act { id, action, of, .. } in &acts {
            let rows = client.told_of(session, id).await;
            assert_eq!((rows.len(), &rows[0]["action"]), (1, &json!(action)), "{id}: {rows:?}");
            assert_eq!(rows[0]["user_id"], of.id.to_string(), "{id}: {rows:?}");
            assert_eq!(rows[0]["session_id"], Value::Null, "{id}");
            assert_comes_from_here(&rows[0]);
        }
        for (id, action) in [
            ("trail-wrong-pin", "admin_login_failed"),
            ("trail-login", "admin_login"),
            ("trail-admin-sync", "sync_triggered"),
        ] {
            let rows = client.told_of(session, id).await;
            assert_eq!((rows.len(), &rows[0]["action"]), (1, &json!(action)), "{id}: {rows:?}");
            assert_eq!(rows[0]["session_id"].is_string(), action != "admin_login_failed", "{id}: {rows:?}");
            assert_comes_from_here(&rows[0]);
        }
    })
    .await;
}

fn assert_comes_from_here(row: &Value) {
    assert_eq!(row["company_id"], KESTREL.to_string(), "{row}");
    assert_eq!((&row["ip_address"], &row["user_agent"]), (&json!("127.0.0.1"), &json!(AGENT)), "{row}");
}

/// As the command does it, while the service goes on.
async fn verify(stack: &Stack) -> (bool, Value) {
    let runtime = &stack.config.runtime;
    let config = AuditConfig {
        deployment: runtime.deployment,
        log: runtime.log.clone(),
        databases: runtime.databases.urls.clone(),
        pooler: runtime.databases.pooler,
    };
    let mut told = Vec::new();
    let holds = audit::verify(&config, true, &mut told).await.unwrap();
    (holds, serde_json::from_slice(&told).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_sealed_within_seconds_and_whoever_changes_it_is_found_out() {
    let stack = Stack::start().await;
    client::visit(&stack, false, async |client| {
        let token = stack.sign_in(&JONAS).await;
        for _ in 0..3 {
            let path = "/api/v1/oauth/connect/start?provider=gmail";
            assert_eq!(client.call(&token, Method::POST, path, None).await.0, StatusCode::OK);
        }
        let begun = std::time::Instant::now();
        let (holds, told) = loop {
            let (holds, told) = verify(&stack).await;
            if told["checked"]["rows"].as_u64() >= Some(3) {
                break (holds, told);
            }
            assert!(begun.elapsed() < std::time::Duration::from_secs(30), "it stays at {told}");
            tokio::task::yield_now().await;
        };
        assert!(holds, "{told}");

        let superuser = stack.company.connect().await;
        superuser
            .batch_execute(
                "alter table admin_audit_log disable trigger user; \
                 update admin_audit_log set user_id = 'somebody else' where action = 'connection_initiated'; \
                 alter table admin_audit_log enable trigger user",
            )
            .await
            .unwrap();
        let (holds, told) = verify(&stack).await;
        assert_eq!((holds, &told["agrees"]), (false, &json!(false)), "{told}");
    })
    .await;
}
