//! Webhooks about connections.

use cortex_sandbox::nango::Decision;
use serde_json::{Value, json};

use super::shape::{self, assert_shape};
use super::stage::{ANNA, Stage, extended as with, get, import_body as import, path_of, post};

/// The part that every auth webhook has.
pub(crate) fn auth(operation: &str, success: bool, integration: &str, provider: &str) -> Value {
    json!({
        "authMode": "=OAUTH2", "connectionId": "string", "environment": "=dev", "from": "=nango",
        "operation": format!("={operation}"), "provider": format!("={provider}"),
        "providerConfigKey": format!("={integration}"), "success": success, "type": "=auth",
    })
}

#[tokio::test]
async fn a_new_connection_is_told_with_its_tags() {
    let stage = Stage::new();
    let (anna, tags_only) = (json!({ "end_user_id": "user-1" }), json!({ "end_user_id": "=user-1" }));
    let both = json!({ "end_user": { "id": "one", "display_name": "X" }, "tags": { "end_user_id": "other" } });
    let full = json!({
        "end_user": { "id": "one", "email": "anna@brightwater.example", "tags": { "plan": "big" } },
        "organization": { "id": "org", "display_name": "Brightwater" },
    });
    let cases = [
        ("webhook-auth-creation", json!({ "tags": anna }), "google-mail", json!({ "tags": tags_only })),
        ("webhook-auth-creation-quickbooks", json!({ "tags": anna }), "quickbooks", json!({ "tags": tags_only })),
        (
            "webhook-auth-creation-end-user-and-tags",
            both,
            "google-drive",
            json!({
                "tags": { "end_user_id": "=other", "end_user_display_name": "=X" },
                "endUser": { "endUserId": "=one", "endUserEmail": null, "tags": {} },
            }),
        ),
        (
            "webhook-auth-creation-end-user",
            full,
            "outlook",
            json!({
                "tags": {
                    "end_user_id": "=one", "end_user_email": "string", "organization_id": "=org", "plan": "=big",
                    "organization_display_name": "=Brightwater",
                },
                "endUser": {
                    "endUserId": "=one", "endUserEmail": "=anna@brightwater.example", "organizationId": "=org",
                    "tags": { "plan": "=big" },
                },
            }),
        ),
    ];
    for (name, session, integration, more) in cases {
        let token = stage.session(session).await;
        stage.nango.connect(&token, integration, ANNA, Decision::Allow).await.unwrap();
        let hooks = stage.webhooks().await;
        assert_eq!(hooks.len(), 1, "{name}");
        assert_shape(name, &with(auth("creation", true, integration, integration), more), &hooks[0]);
    }
    stage.end().await;
}

#[tokio::test]
async fn imports_and_reconnects_tell_creation_and_override() {
    let stage = Stage::new();
    stage.check(post("connection-import", "/connections", import("one", json!({ "k": "v" }))).gives(201)).await;
    stage.check(post("connection-import-again", "/connections", import("one", json!({}))).gives(201)).await;
    let name = stage.connect("google-mail").await;
    let again = json!({ "connection_id": name.connection_id, "integration_id": "google-mail", "tags": { "a": "b" } });
    let session = stage.check(post("connect-session-reconnect", "/connect/sessions/reconnect", again).gives(201)).await;
    let token = session.json()["data"]["token"].as_str().unwrap().to_owned();
    stage.nango.connect(&token, "google-mail", ANNA, Decision::Allow).await.unwrap();
    let of_drive = |operation| auth(operation, true, "google-drive", "google-drive");
    let of_mail = |operation| auth(operation, true, "google-mail", "google-mail");
    let expected = [
        ("webhook-auth-creation-import", with(of_drive("creation"), json!({ "tags": { "k": "=v" } }))),
        ("webhook-auth-override-import", with(of_drive("override"), json!({ "tags": {} }))),
        ("webhook-auth-creation", with(of_mail("creation"), json!({ "tags": "object" }))),
        ("webhook-auth-override", with(of_mail("override"), json!({ "tags": { "a": "=b" } }))),
    ];
    let hooks = stage.receiver.take();
    stage.nango.settled().await;
    let mut bodies: Vec<Value> = hooks.into_iter().map(|hook| hook.body).collect();
    bodies.extend(stage.webhooks().await);
    assert_eq!(bodies.len(), expected.len());
    for (name, shape) in expected {
        assert!(bodies.iter().any(|body| shape::compare(&shape, body).is_ok()), "{name}: none of {bodies:#?}");
    }
    stage.end().await;
}

#[tokio::test]
async fn a_failed_way_tells_creation_without_tags_even_for_a_reconnect() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    stage.webhooks().await;
    let again = json!({ "connection_id": name.connection_id, "integration_id": "google-mail", "tags": { "a": "b" } });
    let session = stage.check(post("connect-session-reconnect", "/connect/sessions/reconnect", again).gives(201)).await;
    let reconnect = session.json()["data"]["token"].as_str().unwrap().to_owned();
    let fresh = stage.session(json!({ "tags": { "a": "b" } })).await;
    let cases = [
        ("webhook-auth-creation-denied", &fresh, Decision::Deny, "invalid_callback"),
        ("webhook-auth-reconnect-denied", &reconnect, Decision::Deny, "invalid_callback"),
        ("webhook-auth-creation-failed", &fresh, Decision::Allow, "unknown"),
        ("webhook-auth-reconnect-failed", &reconnect, Decision::Allow, "unknown"),
    ];
    for (case, token, decision, kind) in cases {
        if decision == Decision::Allow {
            stage.nango.provider().faults().fail_next(1, "/google/token", 400);
        }
        stage.nango.connect(token, "google-mail", ANNA, decision).await.unwrap_err();
        let hooks = stage.webhooks().await;
        assert_eq!(hooks.len(), 1, "{case}");
        let more = json!({ "error": { "type": format!("={kind}"), "description": "string" } });
        assert_shape(case, &with(auth("creation", false, "google-mail", "google-mail"), more), &hooks[0]);
        let own = hooks[0]["connectionId"] == json!(name.connection_id);
        assert_eq!(own, case.contains("reconnect"), "{case}");
        if kind == "unknown" {
            let text: Value = serde_json::from_str(hooks[0]["error"]["description"].as_str().unwrap()).unwrap();
            assert_eq!(text["provider_error_payload"]["error"], "invalid_grant", "{case}");
        }
    }
    stage.check(get("connection-get", path_of(&name))).await;
    stage.end().await;
}

#[tokio::test]
async fn a_reconnect_tells_the_tags_of_its_own_session_and_no_end_user() {
    let stage = Stage::new();
    let token = stage.session(json!({ "end_user": { "id": "one" } })).await;
    let name = stage.nango.connect(&token, "outlook", ANNA, Decision::Allow).await.unwrap();
    stage.webhooks().await;
    let reconnect = async |case: &'static str, tags: Value, expected: Value| {
        let body = json!({ "connection_id": name.connection_id, "integration_id": "outlook" });
        let body = with(body, tags);
        let session = stage.check(post(case, "/connect/sessions/reconnect", body).gives(201)).await;
        let token = session.json()["data"]["token"].as_str().unwrap().to_owned();
        stage.nango.connect(&token, "outlook", ANNA, Decision::Allow).await.unwrap();
        let hooks = stage.webhooks().await;
        assert_shape(case, &with(auth("override", true, "outlook", "outlook"), expected), &hooks[0]);
    };
    reconnect("webhook-auth-override-end-user", json!({}), json!({ "tags": {} })).await;
    reconnect("webhook-auth-override-no-tags", json!({ "tags": {} }), json!({ "tags": {} })).await;
    stage.nango.provider().faults().fail_next(1, "/microsoft/token", 400);
    stage.check(get("a failed refresh", path_of(&name) + "&force_refresh=true").gives(400)).await;
    stage.webhooks().await;
    let tags = json!({ "tags": { "a": "b" } });
    reconnect("webhook-auth-override-after-refresh-failure", tags, json!({ "tags": { "a": "=b" } })).await;
    let after = stage.check(get("connection-get-after-reconnect-no-tags", path_of(&name))).await.json();
    assert_eq!((&after["errors"], &after["tags"]), (&json!([]), &json!({ "a": "b" })));
    stage.end().await;
}

#[tokio::test]
async fn an_imports_end_user_shows_in_the_tags_only() {
    let stage = Stage::new();
    let body = with(import("one", json!({})), json!({ "end_user": { "id": "u", "email": "u@brightwater.example" } }));
    stage.check(post("connection-import-end-user", "/connections", body).gives(201)).await;
    let expected = json!({ "tags": { "end_user_id": "=u", "end_user_email": "string" } });
    let shape = with(auth("creation", true, "google-drive", "google-drive"), expected);
    assert_shape("webhook-auth-creation-import-end-user", &shape, &stage.webhooks().await[0]);
    stage.end().await;
}
