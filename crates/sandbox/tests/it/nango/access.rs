//! Keys, scopes, the rate limit, and what is open to everyone.

use cortex_sandbox::nango::NangoConfig;
use serde_json::{Value, json};

use super::stage::{READ_ONLY_KEY, Stage, call, get, post};

#[tokio::test]
async fn a_key_has_to_be_there_and_known() {
    let stage = Stage::new();
    let list = |name, value: Option<&str>| get(name, "/connections").authorization(value);
    let id = stage.nango.environment("dev").unwrap().id;
    let refused = [
        (list("error-auth-missing-header", None), "missing_auth_header"),
        (list("error-auth-key-not-uuid", Some("Bearer nonsense")), "invalid_secret_key_format"),
        (list("error-auth-basic-scheme", Some(&format!("Basic {}", super::stage::KEY))), "invalid_secret_key_format"),
        (list("error-auth-unknown-key", Some("Bearer 00000000-0000-4000-8000-000000000000")), "unknown_account"),
        (list("error-auth-internal-secret", Some(&format!("Bearer {id}"))), "unknown_account"),
    ];
    for (case, code) in refused {
        stage.check(case.fails_with(401, code, json!({}))).await;
    }
    stage.end().await;
}

#[tokio::test]
async fn a_key_with_few_scopes_can_do_little() {
    let stage = Stage::new();
    stage
        .play([
            post("error-scope-connect-session", "/connect/sessions", json!({ "tags": {} }))
                .key(READ_ONLY_KEY)
                .fails(403, "forbidden"),
            get("error-scope-any", "/integrations").key(READ_ONLY_KEY).fails(403, "forbidden"),
            get("connections-list", "/connections").key(READ_ONLY_KEY).gives(200),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn health_and_unknown_pages_need_no_key() {
    let stage = Stage::new();
    let well = json!({ "result": "=ok" });
    stage
        .play([
            get("health", "/health").authorization(None).shaped(well.clone()),
            get("ready", "/ready").authorization(None).shaped(well),
            call("no such endpoint", "POST", "/nothing").authorization(None).gives(404),
        ])
        .await;
    let page = stage.check(get("the dashboard for any GET", "/nothing").authorization(None)).await;
    assert!(page.header("content-type").starts_with("text/html"));
    stage.end().await;
}

#[tokio::test]
async fn every_call_of_an_account_counts_and_the_one_too_many_has_to_wait() {
    let config = NangoConfig { rate_limit_per_minute: 3, ..NangoConfig::quick() };
    let stage = Stage::with(config);
    let headers = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    let list = |name, status| get(name, "/connections?limit=1").gives(status).with_headers(&headers);
    let first = stage.check(list("connections-list", 200)).await;
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("3", "2"));
    let refused = get("error-scope-any", "/integrations").key(READ_ONLY_KEY).gives(403).with_headers(&headers);
    assert_eq!(stage.check(refused).await.header("x-ratelimit-remaining"), "1", "another key of the same account");
    let unknown = get("error-auth-unknown-key", "/connections").key("00000000-0000-4000-8000-000000000000").gives(401);
    assert_eq!(stage.check(unknown).await.header("x-ratelimit-limit"), "", "a call without account is not counted");
    stage.check(list("connections-list", 200)).await;
    let shape =
        |path: &str| json!({ "error": { "code": "=too_many_request", "method": "=GET", "path": format!("={path}") } });
    let over = stage.check(list("error-rate-limit", 429).shaped(shape("/connections"))).await;
    assert_eq!(over.header("x-ratelimit-remaining"), "0");
    assert!((1..=60).contains(&over.header("retry-after").parse::<u64>().unwrap()));
    let proxy = get("error-rate-limit-proxy", "/proxy/anything").gives(429).shaped(shape("/proxy/anything"));
    stage.check(proxy.with_headers(&["retry-after"])).await;
    stage.nango.advance(std::time::Duration::from_mins(1));
    stage.check(list("connections-list", 200)).await;
    stage.end().await;
}

#[tokio::test]
async fn integrations_can_be_read() {
    let stage = Stage::new();
    let integration = json!({
        "unique_key": "string", "provider": "string", "display_name": "string", "logo": "string",
        "forward_webhooks": true, "created_at": "zulu", "updated_at": "zulu",
    });
    let mut full = integration.clone();
    full["webhook_url"] = json!("string");
    full["credentials"] = json!({
        "type": "=OAUTH2", "client_id": "string", "client_secret": "string", "scopes": "string", "webhook_secret": null,
    });
    let one = |shape: &Value| json!({ "data": shape });
    stage
        .play([
            get("integrations-list", "/integrations").shaped(json!({ "data": [integration] })),
            get("integration-get", "/integrations/google-mail").shaped(one(&integration)),
            get("integration-get-include", "/integrations/google-mail?include=webhook&include=credentials")
                .shaped(one(&full)),
            get("error-integration-get-unknown", "/integrations/none").fails(404, "not_found"),
        ])
        .await;
    stage.end().await;
}
