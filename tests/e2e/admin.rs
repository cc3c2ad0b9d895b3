//! The admin panel of two replicas over one database.

use std::net::SocketAddr;

use cortex_app::serve::Service;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::people::{KESTREL, MARTA, OLIVE};
use crate::stack::{Stack, http};

/// Argon2id of the PIN, as `cortex admin hash-pin` printed it.
pub(crate) const PIN: &str = "917364";
pub(crate) const PIN_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cL78WwJHdMEzcqHCuOFPdw$kOmxVvDghwSN4XSzf7iriJS95EmJF6GzJj8kBsU6Ef0";

struct Answer {
    status: StatusCode,
    retry_after: Option<u64>,
    body: Value,
}

/// Two replicas that run for as long as `visit` takes.
async fn visit(stack: &Stack, visit: impl AsyncFnOnce([SocketAddr; 2])) {
    let stop = CancellationToken::new();
    let services = [(), ()].map(|()| Service::bind(&stack.config, stack.ports(), None, false, stop.clone()).unwrap());
    let addresses = [services[0].address(), services[1].address()];
    let [one, another] = services;
    let visiting = Box::pin(async {
        visit(addresses).await;
        stop.cancel();
    });
    let (one, another, ()) = tokio::join!(Box::pin(one.run()), Box::pin(another.run()), visiting);
    one.unwrap();
    another.unwrap();
}

async fn call(
    address: SocketAddr,
    (method, path): (Method, &str),
    session: Option<&str>,
    forwarded_for: Option<&str>,
    body: Option<Value>,
) -> Answer {
    let mut request = http().request(method, format!("http://{address}{path}"));
    if let Some(session) = session {
        request = request.header("X-Admin-Session", session);
    }
    if let Some(address) = forwarded_for {
        request = request.header("X-Forwarded-For", address);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    Answer { status: answer.status(), retry_after, body: answer.json().await.unwrap() }
}

async fn log_in(address: SocketAddr, pin: &str, forwarded_for: Option<&str>) -> Answer {
    call(address, (Method::POST, "/admin/auth"), None, forwarded_for, Some(json!({ "pin": pin }))).await
}

async fn session(address: SocketAddr) -> String {
    let answer = log_in(address, PIN, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.body["session_token"].as_str().unwrap().to_owned()
}

async fn get(address: SocketAddr, session: &str, path: &str) -> (StatusCode, Value) {
    let answer = call(address, (Method::GET, path), Some(session), None, None).await;
    (answer.status, answer.body)
}

async fn post(address: SocketAddr, session: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let answer = call(address, (Method::POST, path), Some(session), None, body).await;
    (answer.status, answer.body)
}

async fn audited(stack: &Stack) -> Vec<String> {
    let query = "select action from admin_audit_log order by created_at";
    let rows = stack.company.connect().await.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn is_held_off(answer: &Answer) -> bool {
    let within_the_window = answer.retry_after.is_some_and(|seconds| (1..=900).contains(&seconds));
    answer.status == StatusCode::TOO_MANY_REQUESTS && within_the_window
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_pins_count_over_replicas_and_restarts_whatever_a_client_says_of_where_it_comes_from() {
    let stack = Stack::with(&[("ADMIN_PIN_HASH", PIN_HASH)]).await;
    visit(&stack, async |[one, another]| {
        for (n, address) in [one, another, one, another, one].into_iter().enumerate() {
            let invented = format!("198.51.100.{n}");
            let answer = log_in(address, "000000", Some(&invented)).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
        }
        for (address, pin) in [(another, "000000"), (one, PIN), (another, PIN)] {
            assert!(is_held_off(&log_in(address, pin, Some("198.51.100.99")).await));
        }
    })
    .await;

    visit(&stack, async |[one, _]| {
        assert!(is_held_off(&log_in(one, PIN, None).await), "a restart forgets nothing");
    })
    .await;
    stack.company.batch("update attempt_counters set window_ends_at = now()").await;
    visit(&stack, async |[one, _]| {
        session(one).await;
    })
    .await;
    let mut expected = vec!["admin_login_failed"; 6];
    expected.push("admin_login");
    assert_eq!(audited(&stack).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_pins_from_everywhere_hold_everybody_off() {
    let variables = [("ADMIN_PIN_HASH", PIN_HASH), ("ADMIN_LOGIN_GLOBAL_MAX", "3"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let stack = Stack::with(&variables).await;
    visit(&stack, async |[one, another]| {
        for (n, address) in [one, another, one].into_iter().enumerate() {
            let from = format!("198.51.100.{n}");
            assert_eq!(log_in(address, "000000", Some(&from)).await.status, StatusCode::UNAUTHORIZED);
        }
        assert!(is_held_off(&log_in(another, PIN, Some("203.0.113.7")).await));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_opens_every_replica_until_its_time_is_over_or_it_is_closed() {
    let stack = Stack::with(&[("ADMIN_PIN_HASH", PIN_HASH)]).await;
    visit(&stack, async |[one, another]| {
        let first = session(one).await;
        let second = session(another).await;
        let (status, verified) = get(another, &first, "/admin/verify-session").await;
        assert_eq!((status, &verified["valid"]), (StatusCode::OK, &json!(true)), "{verified}");

        assert_eq!(post(another, &first, "/admin/logout", None).await.0, StatusCode::OK);
        let (status, problem) = get(one, &first, "/admin/verify-session").await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("admin_session_required")));
        assert_eq!(get(one, &second, "/admin/verify-session").await.0, StatusCode::OK);

        stack.company.batch("update admin_sessions set expires_at = now()").await;
        assert_eq!(get(one, &second, "/admin/verify-session").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(get(one, &second, "/admin/jobs/all").await.0, StatusCode::UNAUTHORIZED);
    })
    .await;
    assert_eq!(audited(&stack).await, ["admin_login", "admin_login", "admin_logout"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_is_used_from_where_it_may_be_at_the_login_and_later() {
    let variables =
        [("ADMIN_PIN_HASH", PIN_HASH), ("ADMIN_IP_WHITELIST", "198.51.100.0/24"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let stack = Stack::with(&variables).await;
    visit(&stack, async |[one, another]| {
        let (inside, outside) = (Some("198.51.100.7"), Some("203.0.113.7"));
        let refused = log_in(one, PIN, outside).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::FORBIDDEN, &json!("address_not_allowed")));

        let token = log_in(one, PIN, inside).await.body["session_token"].as_str().unwrap().to_owned();
        let verify = (Method::GET, "/admin/verify-session");
        assert_eq!(call(another, verify.clone(), Some(&token), inside, None).await.status, StatusCode::OK);
        assert_eq!(call(another, verify.clone(), Some(&token), outside, None).await.status, StatusCode::FORBIDDEN);
        assert_eq!(call(another, verify, Some(&token), None, None).await.status, StatusCode::FORBIDDEN);
    })
    .await;
    let expected = ["admin_login_failed", "admin_login", "admin_call_refused", "admin_call_refused"];
    assert_eq!(audited(&stack).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_has_a_members_account_read_and_what_failed_tried_again() {
    let stack = Stack::with(&[("ADMIN_PIN_HASH", PIN_HASH)]).await;
    let connect = format!(
        "insert into connections (tenant_id, provider_key, connection_id, user_id, user_email, status) \
         values ('{KESTREL}', 'gmail', 'broker-1', '{}', '{}', 'active')",
        MARTA.id, MARTA.email
    );
    stack.company.batch(&connect).await;
    visit(&stack, async |[one, another]| {
        let token = session(one).await;
        let path = format!("/admin/connectors/sync?user_id={}&provider=gmail", MARTA.id);
        let (status, queued) = post(one, &token, &path, None).await;
        assert_eq!((status, &queued["status"]), (StatusCode::OK, &json!("queued")), "{queued}");
        let body = json!({ "user_id": MARTA.id.to_string(), "provider": "gmail" });
        let (status, same) = post(another, &token, "/admin/connectors/sync", Some(body)).await;
        assert_eq!((status, &same["job_id"]), (StatusCode::OK, &queued["job_id"]), "it waits already");

        let unknown = format!("/admin/connectors/sync?user_id={}&provider=myspace", MARTA.id);
        assert_eq!(post(one, &token, &unknown, None).await.0, StatusCode::BAD_REQUEST);
        let elsewhere = format!("/admin/connectors/sync?user_id={}&provider=gmail", OLIVE.id);
        assert_eq!(post(one, &token, &elsewhere, None).await.0, StatusCode::NOT_FOUND, "another company's owner");
        let (_, listed) = get(another, &token, "/admin/jobs/all").await;
        assert_eq!(
            (&listed["count"], &listed["jobs"][0]["connection_id"]),
            (&json!(1), &json!("broker-1")),
            "{listed}"
        );

        let retry = format!("/admin/jobs/{}/retry", queued["job_id"].as_str().unwrap());
        assert_eq!(post(one, &token, &retry, None).await.0, StatusCode::CONFLICT, "it waits");
        stack.company.batch("update sync_jobs set status = 'failed', error_code = 'some_code'").await;
        let (status, retried) = post(one, &token, &retry, None).await;
        assert_eq!((status, &retried["original_job_id"]), (StatusCode::OK, &queued["job_id"]), "{retried}");
        assert_ne!(retried["new_job_id"], queued["job_id"]);

        let (_, users) = get(one, &token, "/admin/connectors/users").await;
        assert_eq!(users["users"].as_array().unwrap().len(), 4, "{users}");
        let (_, overview) = get(one, &token, "/admin/metrics/overview").await;
        let counted = json!({ "total": 2, "by_status": { "failed": 1, "queued": 1 } });
        assert_eq!(overview["sync_jobs"], counted, "{overview}");
        let (status, health) = get(one, &token, "/admin/health/full").await;
        assert_eq!((status, &health["components"]["nango"]["status"]), (StatusCode::OK, &json!("up")), "{health}");
    })
    .await;
    let query = "select action, count(session_id) from admin_audit_log where action <> 'admin_login' \
                 group by action order by action";
    let rows = stack.company.connect().await.query(query, &[]).await.unwrap();
    let told: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = [("admin_action_failed", 3), ("job_retried", 1), ("sync_triggered", 2)];
    assert_eq!(told, expected.map(|(action, count)| (action.to_owned(), count)), "with the admin's session");
}
