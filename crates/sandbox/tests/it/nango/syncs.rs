//! Triggering and watching syncs.

use cortex_sandbox::nango::SyncScript;
use serde_json::{Value, json};

use super::stage::{Case, Stage, delete, get, path_of, post};

fn trigger(name: &'static str, body: Value) -> Case {
    post(name, "/sync/trigger", body)
}

fn status(name: &'static str, query: &str) -> Case {
    get(name, format!("/sync/status?provider_config_key=mail-sync&{query}"))
}

fn done() -> Value {
    json!({ "success": true })
}

fn entry(status: &str, execution: &str, finished: bool) -> Value {
    let mut entry = json!({
        "id": "uuid", "connection_id": "string", "name": "string", "variant": "=base", "status": format!("={status}"),
        "type": "string", "nextScheduledSyncAt": "zulu?", "frequency": "string?", "latestResult": "object",
        "recordCount": "object", "checkpoint": "object?", "latestExecutionStatus": format!("={execution}"),
    });
    if finished {
        entry["finishedAt"] = json!("zulu");
    }
    json!({ "syncs": [entry] })
}

#[tokio::test]
async fn a_status_tells_how_the_last_run_went() {
    let stage = Stage::new();
    let name = stage.connect("mail-sync").await;
    let of = format!("connection_id={}", name.connection_id);
    let one = format!("syncs=emails&{of}");
    let never = stage.check(status("sync-status-new-connection", &format!("syncs=*&{of}"))).await.json();
    assert_eq!(never["syncs"].as_array().unwrap().len(), 3);
    let fill = SyncScript {
        save: [("Email".to_owned(), vec![json!({ "id": "a" }), json!({ "id": "b" })])].into(),
        checkpoint: json!({ "page": 2 }).as_object().cloned(),
        ..SyncScript::default()
    };
    stage.nango.plan_run(&name, "emails", fill).unwrap();
    stage.nango.run_sync(&name, "emails").await.unwrap();
    let first = status("sync-status-after-first-run", &one).shaped(entry("SUCCESS", "SUCCESS", true));
    let first = stage.check(first).await.json();
    let first = &first["syncs"][0];
    assert_eq!(first["latestResult"], json!({ "Email": { "added": 2, "updated": 0, "deleted": 0 } }));
    assert_eq!((&first["type"], &first["recordCount"]), (&json!("INITIAL"), &json!({ "Email": 2 })));
    assert_eq!(first["checkpoint"], json!({ "page": 2 }));
    let fail = SyncScript { fail: Some("no luck".to_owned()), ..SyncScript::default() };
    stage.nango.plan_run(&name, "emails", fail).unwrap();
    stage.nango.run_sync(&name, "emails").await.unwrap();
    let failed = status("sync-status-after-error", &one).shaped(entry("ERROR", "STOPPED", true));
    let failed = stage.check(failed).await.json();
    assert_eq!((&failed["syncs"][0]["latestResult"], &failed["syncs"][0]["type"]), (&json!({}), &json!("INCREMENTAL")));
    let view = stage.check(get("connection-get-with-sync-error", path_of(&name))).await.json();
    assert_eq!(view["errors"][0]["type"], "sync");
    let body = json!({ "provider_config_key": "mail-sync", "connection_id": name.connection_id, "syncs": ["emails"] });
    stage.check(post("sync-pause", "/sync/pause", body.clone()).shaped(done())).await;
    let paused = stage.check(status("sync-status-paused", &one).shaped(entry("PAUSED", "STOPPED", true))).await.json();
    assert_eq!(paused["syncs"][0]["nextScheduledSyncAt"], Value::Null);
    stage.check(trigger("sync-trigger", body.clone()).shaped(done())).await;
    stage.nango.settled().await;
    stage
        .play([
            status("sync-status-paused-after-trigger", &one).shaped(entry("PAUSED", "SUCCESS", true)),
            post("sync-start", "/sync/start", body).shaped(done()),
            status("sync-status-started", &one).shaped(entry("SUCCESS", "SUCCESS", true)),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_run_under_way_is_not_doubled() {
    let stage = Stage::new();
    let name = stage.connect("mail-sync").await;
    stage.webhooks().await;
    let body = json!({ "provider_config_key": "mail-sync", "connection_id": name.connection_id, "syncs": ["emails"] });
    let one = format!("syncs=emails&connection_id={}", name.connection_id);
    stage.nango.hold_syncs(true);
    stage
        .play([
            trigger("sync-trigger", body.clone()).shaped(done()),
            status("sync-status-running", &one).shaped(entry("RUNNING", "RUNNING", false)),
            trigger("sync-trigger-while-running", body).shaped(done()),
        ])
        .await;
    stage.nango.hold_syncs(false);
    assert_eq!(stage.webhooks().await.len(), 1);
    stage.check(status("sync-status-after-running", &one).shaped(entry("SUCCESS", "SUCCESS", true))).await;
    stage.end().await;
}

#[tokio::test]
async fn triggers_take_names_variants_headers_and_old_modes() {
    let stage = Stage::new();
    let name = stage.connect("mail-sync").await;
    let of = json!({ "provider_config_key": "mail-sync", "connection_id": name.connection_id });
    let with = |more: Value| {
        let mut body = of.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    stage
        .play([
            trigger("sync-trigger-all-connections", json!({ "syncs": ["emails"], "provider_config_key": "mail-sync" }))
                .shaped(done()),
            trigger("sync-trigger-all-syncs", with(json!({ "syncs": [] }))).shaped(done()),
            trigger("sync-trigger-headers", json!({ "syncs": ["emails"] })).of(&name).shaped(done()),
            trigger(
                "sync-trigger-reset",
                with(json!({ "syncs": [{ "name": "emails", "variant": "base" }], "opts": { "reset": true } })),
            )
            .shaped(done()),
            trigger(
                "sync-trigger-deprecated-full-refresh",
                with(json!({ "syncs": ["emails::base"], "sync_mode": "full_refresh" })),
            )
            .shaped(done()),
        ])
        .await;
    stage.nango.settled().await;
    let three =
        stage.check(status("sync-status-three-syncs", "syncs=*").shaped(entry("SUCCESS", "SUCCESS", true))).await;
    assert_eq!(three.json()["syncs"].as_array().unwrap().len(), 3);
    let nothing = json!({ "syncs": ["empty"] });
    let bare = stage.connect("bare").await.connection_id;
    let none = format!("/sync/status?provider_config_key=bare&connection_id={bare}&syncs=*");
    stage.check(get("sync-status-none", none).shaped(nothing.clone())).await;
    let two = stage.check(status("sync-status-two-syncs", "syncs=emails,contacts,none")).await;
    assert_eq!(two.json()["syncs"].as_array().unwrap().len(), 2);
    stage
        .play([
            status("sync-status-all-connections", "syncs=emails").shaped(entry("SUCCESS", "SUCCESS", true)),
            status("sync-status-list-with-variant", "syncs=emails::base,contacts")
                .shaped(entry("SUCCESS", "SUCCESS", true)),
            status("sync-status-unknown-sync", "syncs=none").shaped(nothing.clone()),
            get("sync-status-unknown-integration", "/sync/status?provider_config_key=none&syncs=*").shaped(nothing),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn triggers_refuse_what_does_not_exist() {
    let stage = Stage::new();
    let name = stage.connect("mail-sync").await;
    let gone = stage.connect("mail-sync").await;
    stage.check(delete("connection-delete-with-syncs", path_of(&gone))).await;
    stage.webhooks().await;
    let id = name.connection_id.as_str();
    let body =
        |id: &str, syncs: Value| json!({ "provider_config_key": "mail-sync", "connection_id": id, "syncs": syncs });
    let payload = || json!({ "connectionId": "string", "providerConfigKey": "string" });
    let mut extra = body(id, json!(["emails"]));
    extra["more"] = json!(1);
    let mut mode = body(id, json!(["emails"]));
    mode["sync_mode"] = json!("quickly");
    let mut mixed = body(id, json!(["emails"]));
    mixed["sync_mode"] = json!("incremental");
    mixed["opts"] = json!({ "reset": true });
    stage
        .play([
            trigger("error-sync-trigger-extra-key", extra).invalid("invalid_body", &[("unrecognized_keys", "")]),
            trigger("error-sync-trigger-bad-mode", mode).invalid("invalid_body", &[("invalid_value", "sync_mode")]),
            trigger("error-sync-trigger-mixed-modes", mixed).fails(400, "invalid_body"),
            trigger("error-sync-trigger-no-integration", json!({ "syncs": ["emails"] }))
                .fails(400, "missing_provider_config_key"),
            trigger("error-sync-trigger-no-syncs-key", json!({ "provider_config_key": "mail-sync" }))
                .invalid("invalid_body", &[("invalid_type", "syncs")]),
            trigger("error-sync-trigger-unknown", body(id, json!(["none"]))).fails_with(
                400,
                "no_syncs_found",
                json!({}),
            ),
            trigger("error-sync-trigger-unknown-connection", body("nobody", json!(["emails"]))).fails_with(
                404,
                "unknown_connection",
                payload(),
            ),
            trigger("error-sync-trigger-deleted-connection", body(&gone.connection_id, json!(["emails"]))).fails_with(
                404,
                "unknown_connection",
                payload(),
            ),
            trigger("error-sync-trigger-unknown-integration", json!({ "provider_config_key": "none", "syncs": [] }))
                .fails_with(400, "unknown_provider_config", json!({})),
            status("error-sync-status-unknown-connection", "syncs=*&connection_id=nobody").fails(400, "invalid_body"),
            status("error-sync-status-deleted-connection", &format!("syncs=*&connection_id={}", gone.connection_id))
                .fails(400, "invalid_body"),
            status("error-sync-status-no-syncs", "").invalid("invalid_query_params", &[("invalid_type", "syncs")]),
            status("error-sync-status-no-syncs", "more=1")
                .invalid("invalid_query_params", &[("invalid_type", "syncs"), ("unrecognized_keys", "")]),
        ])
        .await;
    assert!(stage.webhooks().await.is_empty());
    let two = trigger("error-sync-trigger-one-of-two-unknown", body(id, json!(["emails", "none"])));
    stage.check(two.fails_with(400, "no_syncs_found", json!({}))).await;
    let hooks = stage.webhooks().await;
    assert_eq!((hooks.len(), &hooks[0]["syncName"]), (1, &json!("emails")), "the first one ran all the same");
    stage.end().await;
}

#[tokio::test]
async fn with_the_scheduler_down_a_trigger_is_taken_and_nothing_runs() {
    let stage = Stage::new();
    let name = stage.connect("mail-sync").await;
    stage.webhooks().await;
    stage.nango.set_scheduler_down(true);
    let body = json!({ "provider_config_key": "mail-sync", "connection_id": name.connection_id, "syncs": ["emails"] });
    stage
        .play([
            trigger("sync-trigger-scheduler-down", body).shaped(done()),
            status("error-sync-status-scheduler-down", "syncs=*").fails_with(
                500,
                "generic_error_support",
                json!("uuid"),
            ),
            get("records-scheduler-down", "/records?model=Email").of(&name).gives(200),
        ])
        .await;
    assert!(stage.webhooks().await.is_empty());
    stage.end().await;
}
