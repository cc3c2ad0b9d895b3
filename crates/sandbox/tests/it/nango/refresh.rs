//! What a read does when a token ends, and when it cannot be renewed.

use std::time::Duration;

use cortex_sandbox::nango::Decision;
use serde_json::{Value, json};

use super::stage::{ANNA, Case, Stage, get, path_of, post};

fn refused(case: Case, status: u16) -> Case {
    case.fails_with(status, "invalid_credentials", json!({
        "connection": {
            "id": "number", "connection_id": "string", "provider_config_key": "string", "provider": "string",
            "errors": [{ "type": "=auth", "log_id": "string" }], "end_user": null, "tags": "object", "metadata": null,
            "connection_config": "object", "webhook_url_override": null, "created_at": "offset",
            "updated_at": "offset", "last_fetched_at": "offset", "credentials": {},
        }
    }))
}

fn token_of(answer: &Value) -> String {
    answer["credentials"]["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_read_refreshes_a_token_that_ends_within_a_quarter_of_an_hour() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    let read = || stage.check(get("connection-get-auto-refreshed", path_of(&name)));
    let first = token_of(&read().await.json());
    stage.nango.advance(Duration::from_mins(44));
    assert_eq!(token_of(&read().await.json()), first);
    stage.nango.advance(Duration::from_mins(1));
    let renewed = token_of(&read().await.json());
    assert_ne!(renewed, first);
    let forced = stage.check(get("connection-get-force-refresh", path_of(&name) + "&force_refresh=1")).await;
    assert_ne!(token_of(&forced.json()), renewed);
    // Refreshing tells nobody.
    assert_eq!(stage.webhooks().await.len(), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_failed_refresh_backs_off_and_a_reconnect_heals_it() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    stage.nango.provider().faults().fail_next(2, "/google/token", 400);
    let forced = path_of(&name) + "&force_refresh=true";
    stage
        .play([
            refused(get("error-connection-get-refresh-failed", forced.clone()), 400),
            refused(get("error-connection-get-after-failed-force-refresh", path_of(&name)), 424),
            refused(get("error-connection-get-refresh-failed-again", forced), 400),
            refused(get("error-connection-get-expired-refresh-backoff", path_of(&name)), 424),
            get("error-proxy-refresh-failed", "/proxy/gmail/v1/users/me/profile")
                .of(&name)
                .fails(424, "connection_refresh_backoff"),
        ])
        .await;
    let list = stage.check(get("connections-list-with-error", "/connections")).await.json();
    assert_eq!(list["connections"][0]["errors"][0]["type"], "auth");
    let hooks = stage.webhooks().await;
    let operations: Vec<&Value> = hooks.iter().map(|hook| &hook["operation"]).collect();
    assert_eq!(operations, ["creation", "refresh", "refresh"], "one for each try, none while backing off");
    let again = json!({ "connection_id": name.connection_id, "integration_id": "google-mail" });
    let session = stage.check(post("connect-session-reconnect", "/connect/sessions/reconnect", again).gives(201)).await;
    let token = session.json()["data"]["token"].as_str().unwrap().to_owned();
    stage.nango.connect(&token, "google-mail", ANNA, Decision::Allow).await.unwrap();
    let healed = stage.check(get("connection-get-after-recovery", path_of(&name))).await.json();
    assert_eq!(healed["errors"], json!([]));
    stage.end().await;
}

#[tokio::test]
async fn the_provider_is_asked_again_after_half_a_minute() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    stage.nango.advance(Duration::from_hours(1));
    stage.nango.provider().faults().fail_next(1, "/google/token", 400);
    stage.check(refused(get("error-connection-get-expired-refresh-failed", path_of(&name)), 400)).await;
    stage.nango.advance(Duration::from_secs(29));
    stage.check(refused(get("error-connection-get-expired-refresh-backoff", path_of(&name)), 424)).await;
    stage.nango.advance(Duration::from_secs(1));
    stage.check(get("connection-get-after-recovery", path_of(&name))).await;
    stage.end().await;
}

#[tokio::test]
async fn a_connection_is_given_up_after_failures_on_four_days() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    stage.nango.revoke_account(ANNA, None);
    for _ in 0..4 {
        stage.nango.advance(Duration::from_hours(24));
        stage.check(refused(get("error-connection-get-expired-refresh-failed", path_of(&name)), 400)).await;
    }
    stage.nango.advance(Duration::from_hours(24));
    stage
        .play([
            refused(get("error-connection-get-refresh-exhausted", path_of(&name)), 424),
            get("error-proxy-refresh-exhausted", "/proxy/gmail/v1/users/me/profile")
                .of(&name)
                .fails(424, "server_error"),
        ])
        .await;
    assert_eq!(stage.webhooks().await.len(), 5, "giving up tells nobody");
    stage.end().await;
}
