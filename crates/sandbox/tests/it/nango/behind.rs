//! Behind the scenes: faults, lost webhooks, quiet changes, and the same over HTTP.

use cortex_sandbox::faults::{Fault, FaultKind};
use cortex_sandbox::nango::{DeliveryOutcome, Part};
use serde_json::{Value, json};

use super::stage::{ANNA, Case, Stage, delete, get, post};

fn control(name: &'static str, path: &str, body: Value) -> Case {
    post(name, format!("/sandbox{path}"), body).authorization(None)
}

#[tokio::test]
async fn faults_hit_the_next_calls_of_a_path_and_are_used_up() {
    let stage = Stage::new();
    let faults = stage.nango.faults();
    faults.fail_next(1, "/connections", 503);
    stage.check(get("another path", "/integrations").gives(200)).await;
    stage.check(get("hit", "/connections").fails(503, "server_error")).await;
    stage.check(get("used up", "/connections").gives(200)).await;
    let add = |fault| faults.add(Fault { path_prefix: "/records".to_owned(), method: None, times: Some(1), fault });
    add(FaultKind::Html);
    let html = stage.check(get("a page", "/records").gives(200)).await;
    assert!(html.header("content-type").starts_with("text/html"));
    add(FaultKind::CutJson);
    let cut = stage.check(get("half a body", "/records").gives(200)).await;
    assert!(serde_json::from_slice::<Value>(&cut.bytes).is_err());
    add(FaultKind::Status { status: 429, retry_after_seconds: Some(4) });
    let limited = stage.check(get("too many", "/records").gives(429)).await;
    assert_eq!(limited.header("retry-after"), "4");
    add(FaultKind::Drop);
    let response = stage.http.get(format!("{}/records", stage.nango.base_url())).send().await;
    let broken = match response {
        Ok(response) => response.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(broken, "the connection breaks off before the body ends");
    add(FaultKind::Delay { millis: 20 });
    let before = std::time::Instant::now();
    stage.check(get("late, but as usual", "/records").gives(400)).await;
    assert!(before.elapsed() >= std::time::Duration::from_millis(20));
    stage.end().await;
}

#[tokio::test]
async fn lost_webhooks_never_arrive_and_requests_are_remembered_without_secrets() {
    let stage = Stage::new();
    stage.nango.lose_webhooks(1);
    let name = stage.connect("google-mail").await;
    assert!(stage.webhooks().await.is_empty());
    assert_eq!(stage.nango.webhooks()[0].outcome, DeliveryOutcome::Lost);
    stage.check(get("a read", format!("/connections/{}?provider_config_key=google-mail", name.connection_id))).await;
    let requests = stage.nango.requests();
    let last = requests.last().unwrap();
    assert_eq!((last.method.as_str(), last.status), ("GET", Some(200)));
    let text = serde_json::to_string(&requests).unwrap();
    assert!(!text.contains(&super::stage::KEY.to_string()) && !text.contains("nango_connect_session_"), "{text}");
    stage.end().await;
}

#[tokio::test]
async fn the_control_api_does_the_same_over_http() {
    let stage = Stage::new();
    let token = stage.session(json!({ "tags": { "end_user_id": "u" } })).await;
    let connect = control(
        "connect",
        "/connect",
        json!({
            "connect_session_token": token, "integration": "google-mail", "account": ANNA,
        }),
    );
    let shape = json!({ "connection_id": "uuid", "provider_config_key": "=google-mail", "environment": "=dev" });
    let name = stage.check(connect.shaped(shape)).await.json();
    let with = |more: Value| {
        let mut body = name.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let fault = json!({ "path_prefix": "/integrations", "times": 1, "fault": { "kind": "status", "status": 502 } });
    let environment = json!({ "name": "other", "api_key": "8d6fbf5e-3c35-4d5b-8ad7-0d6a0b8e4b33" });
    stage
        .play([
            control(
                "records",
                "/records",
                with(json!({ "model": "GmailEmail", "save": [{ "id": "m1", "subject": "x" }] })),
            ),
            control("prune", "/records", with(json!({ "model": "GmailEmail", "prune": true }))),
            control(
                "run",
                "/syncs/run",
                with(json!({ "sync": "emails", "script": { "delete": { "GmailEmail": ["m1"] } } })),
            )
            .shaped(json!({ "ran": true })),
            control("unknown sync", "/syncs/run", with(json!({ "sync": "none" })))
                .gives(404)
                .shaped(json!({ "error": "string" })),
            control("fault", "/faults", fault),
            get("faults", "/sandbox/faults").authorization(None).shaped(json!(["object"])),
            get("hit by the fault", "/integrations").gives(502),
            control("time", "/clock/advance", json!({ "seconds": 3600 })),
            control("revoke", "/accounts/revoke", json!({ "account": ANNA })),
            control("unknown field", "/accounts/revoke", json!({ "account": ANNA, "x": 1 })).gives(400),
            delete("no faults", "/sandbox/faults").authorization(None).gives(200),
            super::stage::call("environment", "PUT", "/sandbox/environments")
                .raw_body(&environment.to_string(), "application/json")
                .shaped(json!({ "name": "=other", "id": "uuid", "api_key": "uuid", "webhook_signing_key": "string" })),
            get("its key works", "/connections")
                .key("8d6fbf5e-3c35-4d5b-8ad7-0d6a0b8e4b33")
                .shaped(json!({ "connections": ["empty"] })),
            super::stage::call("account", "PUT", "/sandbox/accounts")
                .raw_body(
                    &json!({ "email": "dora@brightwater.example", "empty": true }).to_string(),
                    "application/json",
                )
                .shaped(json!({ "email": "string", "realm_id": "string" })),
        ])
        .await;
    stage.nango.settled().await;
    let hooks = stage.check(get("webhooks", "/sandbox/webhooks").authorization(None)).await.json();
    assert_eq!(hooks.as_array().unwrap().len(), 2, "the connection and the run");
    stage.end().await;
}

#[tokio::test]
async fn environments_are_apart() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    let config = cortex_sandbox::nango::EnvironmentConfig { name: "other".to_owned(), ..Default::default() };
    let other = config.api_key;
    stage.nango.put_environment(config);
    let path = format!("/connections/{}?provider_config_key=google-mail", name.connection_id);
    stage
        .play([
            get("own", path.clone()).gives(200),
            get("another environment's connection", path).key(other).fails(404, "not_found"),
            get("another environment's records", "/records?model=GmailEmail")
                .key(other)
                .of(&name)
                .fails(400, "unknown_connection"),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn an_outage_refuses_connections_and_loses_nothing() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    stage.nango.go_down(Part::Providers).await;
    let unreachable = json!({ "message": "string", "code": "=ECONNREFUSED", "method": "=get" });
    let call = get("error-proxy-base-url-unreachable", "/proxy/gmail/v1/users/me/profile").of(&name);
    stage.check(call.gives(500).shaped(unreachable)).await;
    stage.nango.come_up(Part::Providers).unwrap();
    stage.check(get("the provider is back", "/proxy/gmail/v1/users/me/profile").of(&name)).await;
    stage.nango.go_down(Part::Api).await;
    assert!(stage.http.get(stage.nango.base_url()).send().await.unwrap_err().is_connect());
    stage.nango.come_up(Part::Api).unwrap();
    let list = stage.check(get("everything is still there", "/connections")).await.json();
    assert_eq!(list["connections"][0]["connection_id"], json!(name.connection_id));
    stage.end().await;
}

/// Asked for over its own socket: who answers must not take the way back with it.
#[tokio::test]
async fn the_api_goes_away_and_comes_back_by_itself() {
    let stage = Stage::new();
    let down = format!("{}/sandbox/down", stage.nango.base_url());
    let body = json!({ "part": "api", "millis": 500 });
    assert!(stage.http.post(down).json(&body).send().await.unwrap().status().is_success());
    let answers = || async { stage.http.get(stage.nango.base_url()).send().await.is_ok() };
    let until = |up: bool| async move {
        while answers().await != up {
            tokio::task::yield_now().await;
        }
    };

    let deadline = std::time::Duration::from_secs(20);
    tokio::time::timeout(deadline, until(false)).await.expect("it goes away");
    tokio::time::timeout(deadline, until(true)).await.expect("it comes back");
    stage.end().await;
}
