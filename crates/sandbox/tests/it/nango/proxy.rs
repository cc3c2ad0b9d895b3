//! The proxy: what reaches the provider, what comes back.

use cortex_sandbox::nango::ConnectionName;
use serde_json::{Value, json};

use super::stage::{Case, Stage, call, get};

fn proxied(name: &'static str, method: &'static str, path: &str, of: &ConnectionName) -> Case {
    call(name, method, format!("/proxy{path}")).of(of)
}

fn google_error(code: u16) -> Value {
    json!({ "error": { "code": code, "message": "string", "status": "string" } })
}

#[tokio::test]
async fn the_provider_sees_method_path_body_and_chosen_headers() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    let echo = json!({ "echo": { "method": "string", "url": "string", "headers": "object", "body": "string" } });
    let sent = proxied("proxy-post-echo", "POST", "/anything/path?a=b%20c", &name)
        .raw_body("{\"hello\":1}", "application/json")
        .header("nango-proxy-x-extra", "1")
        .header("x-not-forwarded", "1");
    let seen = stage.check(sent.shaped(echo.clone())).await.json();
    let seen = &seen["echo"];
    assert_eq!((&seen["method"], &seen["url"]), (&json!("POST"), &json!("/anything/path?a=b%20c")));
    assert_eq!((&seen["body"], &seen["headers"]["x-extra"]), (&json!("{\"hello\":1}"), &json!("1")));
    assert!(seen["headers"].get("x-not-forwarded").is_none());
    assert!(seen["headers"]["authorization"].as_str().unwrap().starts_with("Bearer sandbox-access-google-"));
    for (case, method) in [("proxy-put-echo", "PUT"), ("proxy-patch-echo", "PATCH"), ("proxy-delete-echo", "DELETE")] {
        let answer = stage.check(proxied(case, method, "/anything", &name).shaped(echo.clone())).await;
        assert_eq!(answer.json()["echo"]["method"], method);
    }
    let redirected = stage.check(proxied("proxy-redirect", "GET", "/redirect", &name).shaped(echo)).await;
    assert_eq!(redirected.json()["echo"]["url"], "/echo?redirected=1");
    let base = format!("{}/other", stage.nango.provider_url());
    let other = proxied("proxy-base-url-override", "GET", "/anything", &name).header("base-url-override", &base);
    assert_eq!(stage.check(other).await.json()["echo"]["url"], "/other/anything");
    stage.end().await;
}

#[tokio::test]
async fn status_body_and_headers_come_back_as_documented() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    let plain = stage.check(proxied("proxy-get", "GET", "/anything", &name).with_headers(&["x-request-id"])).await;
    assert_eq!(plain.header("x-custom"), "", "a plain answer keeps only a few headers");
    let file =
        stage.check(proxied("proxy-download", "GET", "/bytes", &name).with_headers(&["content-disposition"])).await;
    assert_eq!((file.bytes.as_slice(), file.header("x-custom")), (&[0_u8, 1, 2, 253, 254, 255][..], "seen"));
    let nothing = stage.check(proxied("proxy-204", "GET", "/status/204", &name).gives(204)).await;
    assert_eq!((nothing.header("x-request-id"), nothing.bytes.len()), ("", 0));
    let limited = proxied("error-proxy-upstream-429", "GET", "/status/429", &name).gives(429).shaped(google_error(429));
    assert_eq!(stage.check(limited).await.header("retry-after"), "7");
    let empty =
        stage.check(proxied("error-proxy-upstream-404-empty", "GET", "/status/empty404", &name).gives(404)).await;
    assert!(empty.bytes.is_empty());
    stage
        .play([
            proxied("error-proxy-upstream-401", "GET", "/status/401", &name).gives(401).shaped(google_error(401)),
            proxied("error-proxy-upstream-404", "GET", "/status/404", &name).gives(404).shaped(google_error(404)),
            proxied("error-proxy-upstream-500", "GET", "/status/500", &name).gives(500).shaped(google_error(500)),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn retries_happen_when_asked_for() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    let faults = stage.nango.provider().faults();
    faults.fail_next(2, "/anything", 500);
    let twice = proxied("error-proxy-upstream-500-retries", "GET", "/anything", &name).header("retries", "2");
    stage.check(twice.gives(200)).await;
    faults.fail_next(2, "/anything", 429);
    let once = proxied("error-proxy-upstream-429-retries", "GET", "/anything", &name).header("retries", "1");
    stage.check(once.gives(429)).await;
    assert!(faults.active().is_empty());
    faults.fail_next(1, "/anything", 404);
    let chosen = proxied("proxy-get", "GET", "/anything", &name).header("retries", "1").header("retry-on", "404,409");
    stage.check(chosen.gives(200)).await;
    stage.end().await;
}

#[tokio::test]
async fn nangos_own_errors_carry_a_text_as_code() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    let named = |id: &str, integration: &str| ConnectionName {
        connection_id: id.to_owned(),
        provider_config_key: integration.to_owned(),
        environment: None,
    };
    let id = name.connection_id.as_str();
    let elsewhere = |case, base: &str| proxied(case, "GET", "/anything", &name).header("base-url-override", base);
    stage
        .play([
            get("error-proxy-no-headers", "/proxy/x").invalid(
                "invalid_headers",
                &[("invalid_type", "provider-config-key"), ("invalid_type", "connection-id")],
            ),
            get("error-proxy-no-connection-id", "/proxy/x")
                .header("provider-config-key", "google-mail")
                .invalid("invalid_headers", &[("invalid_type", "connection-id")]),
            proxied("error-proxy-unknown-connection", "GET", "/x", &named("nobody", "google-mail"))
                .fails(400, "server_error"),
            proxied("error-proxy-connection-of-other-integration", "GET", "/x", &named(id, "google-drive"))
                .fails(400, "server_error"),
            proxied("error-proxy-unknown-integration", "GET", "/x", &named(id, "none"))
                .fails(404, "unknown_provider_config"),
            elsewhere("error-proxy-base-url-loopback", "http://127.0.0.1:4020")
                .fails(400, "base_url_override_not_allowed"),
            elsewhere("error-proxy-base-url-denied", "http://169.254.169.254/latest")
                .fails(400, "base_url_override_not_allowed"),
            elsewhere("error-proxy-base-url-dns", "http://no-such-host.invalid")
                .fails(400, "base_url_override_not_allowed"),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_revoked_account_is_a_401_of_the_provider() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    stage.nango.revoke_account(super::stage::ANNA, None);
    let profile = proxied("error-proxy-upstream-401", "GET", "/gmail/v1/users/me/profile", &name);
    stage.check(profile.gives(401).shaped(google_error(401))).await;
    stage.end().await;
}
