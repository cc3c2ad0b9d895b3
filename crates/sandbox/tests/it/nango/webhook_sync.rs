//! Webhooks about runs.

use cortex_sandbox::nango::{ConnectionName, SyncScript};
use serde_json::{Value, json};

use super::shape::assert_shape;
use super::stage::{ANNA, Stage, extended as with, get, post};
use super::webhook_auth::auth;

/// The part that every sync webhook has.
fn sync(name: &str, model: &str, kind: &str) -> Value {
    json!({
        "checkpoints": { "from": "object?", "to": "object?" }, "connectionId": "string", "from": "=nango",
        "model": format!("={model}"), "providerConfigKey": "=mail-sync", "syncName": format!("={name}"),
        "syncType": format!("={kind}"), "syncVariant": "=base", "type": "=sync",
    })
}

fn good(body: Value, added: u32, deleted: u32) -> Value {
    let results = json!({ "added": added, "updated": 0, "deleted": deleted });
    with(
        body,
        json!({
            "success": true, "modifiedAfter": "zulu", "queryTimeStamp": "zulu", "responseResults": results,
        }),
    )
}

fn bad(body: Value, payload: Value) -> Value {
    let error = json!({
        "type": "=script_error", "description": "string", "payload": payload, "additional_properties?": "object",
    });
    with(body, json!({ "success": false, "startedAt": "zulu", "failedAt": "zulu", "error": error }))
}

fn checkpoints(body: Value, from: Value, to: Value) -> Value {
    with(body, json!({ "checkpoints": { "from": from, "to": to } }))
}

fn save(model: &str, ids: &[&str]) -> SyncScript {
    let records = ids.iter().map(|id| json!({ "id": id })).collect();
    SyncScript { save: [(model.to_owned(), records)].into(), ..SyncScript::default() }
}

async fn run(stage: &Stage, case: &str, of: &ConnectionName, name: &str, script: SyncScript, expected: &[Value]) {
    stage.nango.plan_run(of, name, script).unwrap();
    stage.nango.run_sync(of, name).await.unwrap();
    check(stage, case, expected).await;
}

async fn check(stage: &Stage, case: &str, expected: &[Value]) {
    let mut hooks = stage.webhooks().await;
    hooks.sort_by_key(|hook| hook["model"].to_string());
    assert_eq!(hooks.len(), expected.len(), "{case}");
    for (shape, hook) in expected.iter().zip(&hooks) {
        assert_shape(case, shape, hook);
    }
}

#[tokio::test]
async fn a_good_run_tells_once_for_each_model() {
    let stage = Stage::new();
    let of = stage.connect("mail-sync").await;
    stage.webhooks().await;
    let emails = |kind| sync("emails", "Email", kind);
    let page = || json!({ "page": 2 });
    let mut two = save("Email", &["a", "b"]);
    two.save.insert("Label".to_owned(), vec![json!({ "id": "l" })]);
    let both = [
        ("webhook-sync-success-two-models-1", good(sync("mail-and-labels", "Email", "INITIAL"), 2, 0)),
        ("webhook-sync-success-two-models-2", good(sync("mail-and-labels", "Label", "INITIAL"), 1, 0)),
    ]
    .map(|(_, shape)| shape);
    run(&stage, "two models", &of, "mail-and-labels", two, &both).await;
    let checkpoint = SyncScript { checkpoint: page().as_object().cloned(), ..SyncScript::default() };
    let tracked = SyncScript { track_deletes: true, ..SyncScript::default() };
    let nothing = SyncScript::default();
    let cases = [
        ("webhook-sync-success", save("Email", &["c"]), good(emails("INITIAL"), 1, 0)),
        (
            "webhook-sync-success-incremental",
            checkpoint,
            good(checkpoints(emails("INCREMENTAL"), Value::Null, page()), 0, 0),
        ),
        ("webhook-sync-success-empty", nothing, good(checkpoints(emails("INCREMENTAL"), page(), page()), 0, 0)),
        ("webhook-sync-success-tracked-delete", tracked, good(emails("INCREMENTAL"), 0, 3)),
        ("webhook-sync-success-readded", save("Email", &["a"]), good(emails("INCREMENTAL"), 1, 0)),
    ];
    for (case, script, expected) in cases {
        run(&stage, case, &of, "emails", script, &[expected]).await;
    }
    stage.end().await;
}

#[tokio::test]
async fn a_run_after_a_reset_is_initial_again() {
    let stage = Stage::new();
    let of = stage.connect("mail-sync").await;
    stage.webhooks().await;
    run(&stage, "first", &of, "emails", save("Email", &["a"]), &[good(sync("emails", "Email", "INITIAL"), 1, 0)]).await;
    let cases = [
        ("webhook-sync-success-after-reset", json!({ "reset": true }), 0),
        ("webhook-sync-success-after-empty-cache", json!({ "reset": true, "emptyCache": true }), 1),
    ];
    for (case, options, added) in cases {
        stage.nango.plan_run(&of, "emails", save("Email", &["a"])).unwrap();
        let body = json!({
            "provider_config_key": "mail-sync", "connection_id": of.connection_id, "syncs": ["emails"], "opts": options,
        });
        stage.check(post(case, "/sync/trigger", body)).await;
        let fresh = checkpoints(sync("emails", "Email", "INITIAL"), Value::Null, Value::Null);
        check(&stage, case, &[good(fresh, added, 0)]).await;
    }
    let body = json!({ "provider_config_key": "mail-sync", "connection_id": of.connection_id });
    stage.check(post("sync-variant-create", "/sync/emails/variant/archive", body)).await;
    let variant = with(sync("emails", "Email", "INITIAL"), json!({ "syncVariant": "=archive" }));
    check(&stage, "webhook-sync-success-variant", &[good(variant, 0, 0)]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_failed_run_tells_once_with_all_models() {
    let stage = Stage::new();
    let of = stage.connect("mail-sync").await;
    stage.webhooks().await;
    let script_error = || json!({ "name": "string", "message": "=no luck", "stacktrace": ["string"] });
    for (case, name, models) in
        [("webhook-sync-error", "emails", "Email"), ("webhook-sync-error-two-models", "mail-and-labels", "Email,Label")]
    {
        let fail = SyncScript { fail: Some("no luck".to_owned()), ..SyncScript::default() };
        run(&stage, case, &of, name, fail, &[bad(sync(name, models, "INITIAL"), script_error())]).await;
    }
    stage.nango.revoke_account(ANNA, None);
    stage.nango.advance(std::time::Duration::from_hours(1));
    stage.nango.run_sync(&of, "emails").await.unwrap();
    let mut hooks = stage.webhooks().await;
    hooks.sort_by_key(|hook| hook["type"].to_string());
    let error = json!({ "type": "=refresh_token_external_error", "description": "string" });
    let refresh = with(auth("refresh", false, "mail-sync", "google-mail"), json!({ "tags": "object", "error": error }));
    assert_shape("webhook-auth-refresh-failed", &refresh, &hooks[0]);
    let payload = json!({ "error": { "code": "=invalid_credentials", "message": "string", "payload": "object" } });
    assert_shape("webhook-sync-error-credentials", &bad(sync("emails", "Email", "INITIAL"), payload), &hooks[1]);
    let path = format!("/sync/status?provider_config_key=mail-sync&syncs=emails&connection_id={}", of.connection_id);
    let status = stage.check(get("sync-status-after-credential-error", path)).await.json();
    assert_eq!((&status["syncs"][0]["status"], &status["syncs"][0]["latestResult"]), (&json!("ERROR"), &json!({})));
    stage.end().await;
}
