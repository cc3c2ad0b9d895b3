//! Records: pages, cursors, filters, deletions, pruning.

use cortex_sandbox::nango::{ConnectionName, SyncScript};
use serde_json::{Value, json};

use super::stage::{Case, Stage, call, delete, get, patch, path_of, post};

fn record(fields: Value, action: &str) -> Value {
    let mut shape = fields;
    shape["id"] = json!("string");
    shape["_nango_metadata"] = json!({
        "first_seen_at": "offset", "last_modified_at": "offset", "last_action": action, "deleted_at": "offset?",
        "pruned_at": "offset?", "cursor": "string",
    });
    shape
}

fn page(record: &Value, next: &str) -> Value {
    let next = if next.is_empty() { Value::Null } else { json!(next) };
    json!({ "records": [record], "next_cursor": next })
}

fn mail(number: u32, subject: &str) -> Value {
    json!({ "id": format!("e{number}"), "subject": subject })
}

fn script(model: &str, save: Vec<Value>) -> SyncScript {
    SyncScript { save: [(model.to_owned(), save)].into(), ..SyncScript::default() }
}

fn records(name: &'static str, of: &ConnectionName, query: &str) -> Case {
    get(name, format!("/records?{query}")).of(of)
}

async fn run(stage: &Stage, name: &ConnectionName, sync: &str, script: SyncScript) {
    stage.nango.plan_run(name, sync, script).unwrap();
    assert!(stage.nango.run_sync(name, sync).await.unwrap());
}

/// Ids in the order of an answer.
fn ids(answer: &Value) -> Vec<String> {
    answer["records"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn last_cursor(answer: &Value) -> String {
    let last = answer["records"].as_array().unwrap().last().unwrap();
    let cursor = last["_nango_metadata"]["cursor"].as_str().unwrap();
    url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect()
}

/// A connection with five mails, then one changed, one new and one deleted.
async fn prepared(stage: &Stage) -> ConnectionName {
    let name = stage.connect("mail-sync").await;
    run(stage, &name, "emails", script("Email", (0..5).map(|number| mail(number, "first")).collect())).await;
    let mut second = script("Email", vec![mail(0, "changed"), mail(5, "new"), mail(1, "first")]);
    second.delete = [("Email".to_owned(), vec!["e2".to_owned()])].into();
    run(stage, &name, "emails", second).await;
    name
}

#[tokio::test]
async fn pages_follow_the_order_of_change_and_end_without_a_cursor() {
    let stage = Stage::new();
    let name = prepared(&stage).await;
    let any = record(json!({ "subject?": "string" }), "string");
    let all = stage.check(records("records-list-all", &name, "model=Email").shaped(page(&any, ""))).await.json();
    let order = ids(&all);
    assert_eq!(order.len(), 6);
    let mut late: Vec<&str> = order[3..].iter().map(String::as_str).collect();
    late.sort_unstable();
    assert_eq!(late, ["e0", "e2", "e5"], "what changed last comes last");
    stage.check(records("records-limit-exact", &name, "model=Email&limit=6").shaped(page(&any, ""))).await;
    let mut seen = Vec::new();
    let mut query = "model=Email&limit=4".to_owned();
    let first = stage.check(records("records-page-1", &name, &query).shaped(page(&any, "string"))).await.json();
    seen.extend(ids(&first));
    let cursor = first["next_cursor"].as_str().unwrap();
    query += "&cursor=";
    query.extend(url::form_urlencoded::byte_serialize(cursor.as_bytes()));
    let second = stage.check(records("records-page-2", &name, &query).shaped(page(&any, ""))).await.json();
    seen.extend(ids(&second));
    assert_eq!(seen, order);
    stage.end().await;
}

#[tokio::test]
async fn the_cursor_of_the_last_record_sees_only_what_changed_later() {
    let stage = Stage::new();
    let name = stage.connect("mail-sync").await;
    run(&stage, &name, "emails", script("Email", (0..3).map(|number| mail(number, "first")).collect())).await;
    let added = record(json!({ "subject": "string" }), "=ADDED");
    let all = stage.check(records("records-list", &name, "model=Email").shaped(page(&added, ""))).await.json();
    let cursor = last_cursor(&all);
    let mut second = script("Email", vec![mail(0, "changed"), mail(1, "first")]);
    second.delete = [("Email".to_owned(), vec!["e2".to_owned()])].into();
    run(&stage, &name, "emails", second).await;
    let later = records("records-list-from-cursor", &name, &format!("model=Email&cursor={cursor}"));
    let later = stage.check(later).await.json();
    let mut found: Vec<(String, &Value, bool)> = ids(&later)
        .into_iter()
        .zip(later["records"].as_array().unwrap())
        .map(|(id, record)| (id, &record["_nango_metadata"]["last_action"], record.get("subject").is_some()))
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(found, [("e0".to_owned(), &json!("UPDATED"), true), ("e2".to_owned(), &json!("DELETED"), false)]);
    run(&stage, &name, "emails", script("Email", vec![mail(2, "back")])).await;
    let back = stage.check(records("records-list-by-ids", &name, "model=Email&ids=e2")).await.json();
    assert_eq!(back["records"][0]["_nango_metadata"]["last_action"], "ADDED");
    stage.end().await;
}

#[tokio::test]
async fn filters_lose_deletions_unless_deleted_stands_alone() {
    let stage = Stage::new();
    let name = prepared(&stage).await;
    let cases: [(&'static str, &str, &[&str]); 7] = [
        ("records-filter-added", "added", &["e1", "e3", "e4", "e5"]),
        ("records-filter-updated", "UPDATED", &["e0"]),
        ("records-filter-deleted", "deleted", &["e2"]),
        ("records-filter-added-updated", "added,updated", &["e0", "e1", "e3", "e4", "e5"]),
        ("records-filter-added-deleted", "added,deleted", &["e1", "e3", "e4", "e5"]),
        ("records-filter-updated-deleted", "updated,deleted", &["e0"]),
        ("records-filter-added-updated-deleted", "added,updated,deleted", &["e0", "e1", "e3", "e4", "e5"]),
    ];
    for (case, filter, expected) in cases {
        let answer = stage.check(records(case, &name, &format!("model=Email&filter={filter}"))).await;
        let mut found = ids(&answer.json());
        found.sort();
        assert_eq!(found, expected, "{case}");
    }
    stage.end().await;
}

#[tokio::test]
async fn records_can_be_asked_for_by_id_and_by_time() {
    let stage = Stage::new();
    let name = prepared(&stage).await;
    let all = stage.check(records("records-list-after-second-run", &name, "model=Email")).await.json();
    let changed = all["records"][3]["_nango_metadata"]["last_modified_at"].as_str().unwrap();
    let since = changed.replace("+00:00", "Z");
    for (case, key) in [("records-modified-after", "modified_after"), ("records-deprecated-delta", "delta")] {
        let found = stage.check(records(case, &name, &format!("model=Email&{key}={since}"))).await.json();
        assert_eq!(ids(&found).len(), 3, "{case}: the bound counts");
    }
    let found = stage.check(records("records-list-by-ids", &name, "model=Email&ids=e4&ids=e0&ids=none")).await.json();
    assert_eq!(ids(&found), ["e4", "e0"]);
    let nothing = json!({ "records": ["empty"], "next_cursor": null });
    stage
        .play([
            records("records-unknown-model", &name, "model=Nothing").shaped(nothing.clone()),
            records("records-unknown-variant", &name, "model=Email&variant=none").shaped(nothing),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let stage = Stage::new();
    let name = prepared(&stage).await;
    let gone = stage.connect("mail-sync").await;
    stage.check(delete("connection-delete-with-syncs", path_of(&gone))).await;
    let other = |id: &str, integration: &str| ConnectionName {
        connection_id: id.to_owned(),
        provider_config_key: integration.to_owned(),
        environment: None,
    };
    let wrong = |case, query: &str, finding| records(case, &name, query).invalid("invalid_query_params", &[finding]);
    stage
        .play([
            wrong("error-records-limit-0", "model=Email&limit=0", ("too_small", "limit")),
            wrong("error-records-limit-too-big", "model=Email&limit=10001", ("too_big", "limit")),
            wrong("error-records-no-model", "", ("invalid_type", "model")),
            wrong("error-records-model-lowercase", "model=email", ("invalid_format", "model")),
            wrong("error-records-bad-filter", "model=Email&filter=gone", ("invalid_value", "filter.0")),
            wrong("error-records-unknown-param", "model=Email&more=1", ("unrecognized_keys", "")),
            wrong(
                "error-records-modified-after-offset",
                "model=Email&modified_after=2126-11-21T19:44:44.502%2B00:00",
                ("invalid_format", "modified_after"),
            ),
            wrong(
                "error-records-modified-after-too-old",
                "model=Email&modified_after=2020-01-01T00:00:00Z",
                ("custom", "modified_after"),
            ),
            records("error-records-bad-cursor", &name, "model=Email&cursor=abc").fails(500, "server_error"),
            get("error-records-no-headers", "/records?model=Email").invalid(
                "invalid_headers",
                &[("invalid_type", "connection-id"), ("invalid_type", "provider-config-key")],
            ),
            records("error-records-unknown-connection", &other("nobody", "mail-sync"), "model=Email")
                .fails(400, "unknown_connection"),
            records("error-records-unknown-integration", &other(&name.connection_id, "none"), "model=Email")
                .fails(400, "unknown_connection"),
            records("error-records-deleted-connection", &gone, "model=Email").fails(400, "unknown_connection"),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn an_emptied_cache_leaves_no_trace_and_old_cursors_go_on() {
    let stage = Stage::new();
    let name = prepared(&stage).await;
    let all = stage.check(records("records-list-all", &name, "model=Email")).await.json();
    let cursor = last_cursor(&all);
    let trigger = |opts: Value| {
        let body = json!({
            "provider_config_key": "mail-sync", "connection_id": name.connection_id, "syncs": ["emails"], "opts": opts,
        });
        post("sync-trigger-reset-empty-cache", "/sync/trigger", body)
    };
    stage.nango.plan_run(&name, "emails", script("Email", vec![mail(9, "later")])).unwrap();
    stage.check(trigger(json!({ "reset": true }))).await;
    stage.nango.settled().await;
    let after = stage.check(records("records-after-reset", &name, "model=Email")).await.json();
    assert_eq!(ids(&after).len(), 7, "a reset keeps the records");
    stage.nango.plan_run(&name, "emails", script("Email", vec![mail(9, "later"), mail(0, "changed")])).unwrap();
    stage.check(trigger(json!({ "reset": true, "emptyCache": true }))).await;
    stage.nango.settled().await;
    let mut left = ids(&stage.check(records("records-after-empty-cache", &name, "model=Email")).await.json());
    left.sort();
    assert_eq!(left, ["e0", "e9"]);
    let old = records("records-old-cursor-after-empty-cache", &name, &format!("model=Email&cursor={cursor}"));
    assert_eq!(ids(&stage.check(old).await.json()).len(), 2);
    stage.end().await;
}

#[tokio::test]
async fn tracked_deletions_keep_the_payload_and_variants_are_apart() {
    let stage = Stage::new();
    let name = stage.connect("mail-sync").await;
    let people = |names: &[&str]| names.iter().map(|name| json!({ "id": name, "name": name })).collect();
    run(&stage, &name, "contacts", script("Contact", people(&["ann", "ben"]))).await;
    let rest = SyncScript { track_deletes: true, ..script("Contact", people(&["ann"])) };
    run(&stage, &name, "contacts", rest).await;
    let found = stage.check(records("records-tracked-delete", &name, "model=Contact")).await.json();
    let gone = &found["records"][1];
    assert_eq!((&gone["name"], &gone["_nango_metadata"]["last_action"]), (&json!("ben"), &json!("DELETED")));
    let variant = "/sync/emails/variant/archive";
    let body = json!({ "provider_config_key": "mail-sync", "connection_id": name.connection_id });
    let made = json!({ "id": "uuid", "name": "=emails", "variant": "=archive" });
    stage.check(post("sync-variant-create", variant, body.clone()).shaped(made)).await;
    stage.nango.settled().await;
    run(&stage, &name, "emails::archive", script("Email", vec![mail(0, "old")])).await;
    let found = stage.check(records("records-variant", &name, "model=Email&variant=archive")).await.json();
    assert_eq!(ids(&found), ["e0"]);
    let status = get("sync-status-variant", "/sync/status?provider_config_key=mail-sync&syncs=emails::archive");
    let status = stage.check(status).await.json();
    let entry = &status["syncs"][0];
    assert_eq!((&entry["variant"], &entry["latestResult"]["Email"]["added"]), (&json!("archive"), &json!(1)));
    assert_eq!(entry["recordCount"], json!({ "Email": 0 }), "the count is that of the base variant");
    let base = stage.check(records("records-list", &name, "model=Email")).await.json();
    assert_eq!(ids(&base).len(), 0);
    let until = found["records"][0]["_nango_metadata"]["cursor"].clone();
    let prune = patch(
        "records-prune",
        "/records/prune",
        json!({
            "model": "Email", "variant": "archive", "until_cursor": until,
        }),
    );
    stage.check(prune.of(&name).shaped(json!({ "count": 1, "has_more": false }))).await;
    let pruned = record(json!({}), "=ADDED");
    let after = records("records-after-prune", &name, "model=Email&variant=archive").shaped(page(&pruned, ""));
    assert!(stage.check(after).await.json()["records"][0]["_nango_metadata"]["pruned_at"].is_string());
    let gone = call("sync-variant-delete", "DELETE", variant).raw_body(&body.to_string(), "application/json");
    stage.check(gone.shaped(json!({ "success": true }))).await;
    stage.end().await;
}
