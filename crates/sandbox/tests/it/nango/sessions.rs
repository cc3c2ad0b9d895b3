//! Connect sessions: what they take, what they refuse.

use serde_json::{Value, json};

use super::stage::{Case, Stage, call, delete, get, path_of, post};

const SESSIONS: &str = "/connect/sessions";
const RECONNECT: &str = "/connect/sessions/reconnect";

fn session_shape() -> Value {
    json!({ "data": { "token": "string", "connect_link": "string", "expires_at": "zulu" } })
}

fn opens(name: &'static str, body: Value) -> Case {
    let limits = ["content-type"];
    post(name, SESSIONS, body).gives(201).shaped(session_shape()).with_headers(&limits)
}

fn refuses(name: &'static str, body: Value, issues: &[(&str, &str)]) -> Case {
    post(name, SESSIONS, body).invalid("invalid_body", issues)
}

#[tokio::test]
async fn a_session_takes_every_documented_option() {
    let stage = Stage::new();
    let override_url = stage.receiver.url("/override");
    let defaults = json!({
        "user_scopes": "",
        "authorization_params": { "login_hint": "anna@brightwater.example" },
        "connection_config": { "oauth_scopes_override": "https://www.googleapis.com/auth/gmail.metadata" },
    });
    stage
        .play([
            opens("connect-session-create", json!({
                "tags": { "end_user_id": "u-1", "end_user_email": "anna@brightwater.example", "organization_id": "o-1" },
                "allowed_integrations": ["google-mail", "google-drive"],
            })),
            opens("connect-session-create-minimal", json!({ "tags": {} })),
            opens("connect-session-create-no-integrations", json!({ "tags": { "k": "v" }, "allowed_integrations": [] })),
            opens("connect-session-create-tags-win", json!({
                "end_user": { "id": "one", "display_name": "One" }, "tags": { "end_user_id": "other" },
            })),
            opens("connect-session-create-end-user", json!({
                "end_user": { "id": "u-2", "email": "ben@brightwater.example", "display_name": "Ben", "tags": { "plan": "big" } },
                "organization": { "id": "o-1", "display_name": "Brightwater" },
            })),
            opens("connect-session-create-all-options", json!({
                "tags": { "Tenant_ID": "t" }, "end_user": { "id": "u-3" }, "allowed_integrations": ["google-mail"],
                "integrations_config_defaults": { "google-mail": defaults }, "webhook_url_override": override_url,
            })),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_link_carries_the_token_and_ends_after_half_an_hour() {
    let stage = Stage::new();
    let answer = stage.check(opens("connect-session-create-minimal", json!({ "tags": {} }))).await.json();
    let token = answer["data"]["token"].as_str().unwrap();
    assert!(token.strip_prefix("nango_connect_session_").unwrap().len() == 64, "{token}");
    let link = answer["data"]["connect_link"].as_str().unwrap();
    assert!(link.ends_with(&format!("/?session_token={token}")), "{link}");
    let show = |name| get(name, "/connect/session").key(token);
    stage.check(show("connect-session-get-minimal").gives(200)).await;
    stage.nango.advance(std::time::Duration::from_mins(30));
    let over = show("error-connect-session-expired").fails_with(401, "unknown_connect_session_token", json!({}));
    stage.check(over).await;
    stage.end().await;
}

#[tokio::test]
async fn a_session_refuses_what_it_cannot_use() {
    let stage = Stage::new();
    let many: serde_json::Map<String, Value> = (0..11).map(|number| (format!("k{number}"), json!("v"))).collect();
    let url = |url: &str| json!({ "tags": { "k": "v" }, "webhook_url_override": url });
    stage
        .play([
            refuses("error-connect-session-empty-body", json!({}), &[("invalid_type", "end_user")]),
            call("error-connect-session-no-body", "POST", SESSIONS).invalid("invalid_body", &[("invalid_type", "")]),
            refuses(
                "error-connect-session-end-user-email",
                json!({ "end_user": { "id": "u", "email": "nobody" } }),
                &[("invalid_format", "end_user.email")],
            ),
            refuses(
                "error-connect-session-end-user-id-empty",
                json!({ "end_user": { "id": "" } }),
                &[("too_small", "end_user.id")],
            ),
            refuses(
                "error-connect-session-only-allowed-integrations",
                json!({ "allowed_integrations": ["outlook"] }),
                &[("invalid_type", "end_user")],
            ),
            post("error-connect-session-query", "/connect/sessions?x=1", json!({ "tags": {} }))
                .invalid("invalid_query_params", &[("unrecognized_keys", "")]),
            refuses(
                "error-connect-session-tag-email",
                json!({ "tags": { "end_user_email": "nobody" } }),
                &[("custom", "tags")],
            ),
            refuses("error-connect-session-tag-key", json!({ "tags": { "2nd": "x" } }), &[("invalid_key", "tags.2nd")]),
            refuses("error-connect-session-tag-key", json!({ "tags": { "a b": "x" } }), &[("invalid_key", "tags.a b")]),
            refuses(
                "error-connect-session-tag-value-empty",
                json!({ "tags": { "a": "" } }),
                &[("too_small", "tags.a")],
            ),
            refuses(
                "error-connect-session-tag-value-long",
                json!({ "tags": { "a": "x".repeat(256) } }),
                &[("too_big", "tags.a")],
            ),
            refuses(
                "error-connect-session-tag-value-number",
                json!({ "tags": { "a": 1 } }),
                &[("invalid_type", "tags.a")],
            ),
            refuses(
                "error-connect-session-tags-duplicate-case",
                json!({ "tags": { "Ab": "1", "aB": "2" } }),
                &[("custom", "tags")],
            ),
            refuses("error-connect-session-tags-too-many", json!({ "tags": many }), &[("custom", "tags")]),
            refuses(
                "error-connect-session-unknown-property",
                json!({ "tags": {}, "more": 1 }),
                &[("unrecognized_keys", "")],
            ),
            refuses(
                "error-connect-session-unknown-integration",
                json!({
                    "tags": {}, "allowed_integrations": ["google-mail", "no-1"],
                    "integrations_config_defaults": { "no-2": {} }, "overrides": { "no-3": {} },
                }),
                &[
                    ("custom", "allowed_integrations.1"),
                    ("custom", "integrations_config_defaults.no-2"),
                    ("custom", "overrides.no-3"),
                ],
            ),
            refuses("error-connect-session-webhook-url", url("nonsense"), &[("invalid_union", "webhook_url_override")]),
            // The one deliberate exception to the real Nango.
            opens("error-connect-session-webhook-url-loopback", url("http://127.0.0.1:4010/x")),
            opens("error-connect-session-webhook-url-localhost", url("http://localhost:4010/x")),
            refuses(
                "error-connect-session-webhook-url-nango",
                url("https://api.nango.dev/x"),
                &[("custom", "webhook_url_override")],
            ),
            post(
                "error-connect-session-docs-connect",
                SESSIONS,
                json!({
                    "tags": {}, "overrides": { "google-mail": { "docs_connect": "https://docs.example" } },
                }),
            )
            .fails(403, "forbidden"),
            call("error-content-type", "POST", SESSIONS)
                .raw_body("a=b", "application/x-www-form-urlencoded")
                .fails(415, "invalid_content_type"),
            call("error-invalid-json", "POST", SESSIONS)
                .raw_body("{\"a\":", "application/json")
                .fails(400, "invalid_json"),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_session_can_be_read_and_deleted_with_its_token() {
    let stage = Stage::new();
    let settings = json!({ "showWatermark": "bool", "defaultTheme": "string", "theme": "object" });
    let show = |name, token: &str| get(name, "/connect/session").key(token);
    let plain = stage.session(json!({ "tags": { "a": "b" }, "allowed_integrations": [] })).await;
    let full = stage
        .session(json!({
            "end_user": { "id": "u", "display_name": "Anna", "email": "anna@brightwater.example", "tags": { "plan": "big" } },
            "organization": { "id": "o", "display_name": "Brightwater" }, "allowed_integrations": ["outlook"],
            "integrations_config_defaults": { "outlook": { "authorization_params": { "prompt": "login" } } },
        }))
        .await;
    stage
        .play([
            show("connect-session-get-no-integrations", &plain).shaped(json!({
                "data": { "endUser": null, "connectUISettings": settings, "websocketsPath": "=/" }
            })),
            show("connect-session-get-end-user", &full).gives(200),
            show("connect-session-get-all-options", &full).shaped(json!({ "data": {
                "endUser": {
                    "id": "=u", "display_name": "=Anna", "email": "string", "tags": { "plan": "=big" },
                    "organization": { "id": "=o", "display_name": "string" },
                },
                "connectUISettings": settings, "websocketsPath": "=/", "allowed_integrations": ["=outlook"],
                "integrations_config_defaults": { "outlook": { "authorization_params": { "prompt": "=login" } } },
            } })),
            delete("connect-session-delete", "/connect/session").key(&plain).gives(204),
            show("error-connect-session-get-deleted", &plain).fails_with(
                401,
                "unknown_connect_session_token",
                json!({}),
            ),
            show("error-connect-session-token-format", "something").fails_with(
                401,
                "invalid_connect_session_token_format",
                json!({}),
            ),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_reconnect_session_names_a_connection_that_exists() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    let gone = stage.connect("mail-sync").await;
    let body = |id: &str, integration: &str| json!({ "connection_id": id, "integration_id": integration });
    let mut allowed = body(&name.connection_id, "google-mail");
    allowed["allowed_integrations"] = json!(["google-mail"]);
    let refused = |name, body| post(name, RECONNECT, body).fails(400, "invalid_body");
    let mut good = body(&name.connection_id, "google-mail");
    good["tags"] = json!({ "end_user_id": "user-1", "reason": "renewal" });
    stage
        .play([
            post("connect-session-reconnect", RECONNECT, good).gives(201).shaped(session_shape()),
            post("error-reconnect-empty", RECONNECT, json!({}))
                .invalid("invalid_body", &[("invalid_type", "connection_id"), ("invalid_type", "integration_id")]),
            post("error-reconnect-allowed-integrations", RECONNECT, allowed)
                .invalid("invalid_body", &[("unrecognized_keys", "")]),
            refused("error-reconnect-unknown-connection", body("nobody", "google-mail")),
            refused("error-reconnect-wrong-integration", body(&name.connection_id, "google-drive")),
            delete("connection-delete-with-syncs", path_of(&gone)).shaped(json!({ "success": true })),
            refused("error-reconnect-deleted-connection", body(&gone.connection_id, "mail-sync")),
        ])
        .await;
    stage.end().await;
}
