//! Reading, listing, importing, changing and deleting connections.

use cortex_sandbox::nango::Decision;
use serde_json::{Value, json};

use super::stage::{ANNA, Case, READ_ONLY_KEY, SIGNING_KEY, Stage, delete, get, patch, path_of, post};

/// The single connection, with times in the format of that answer.
fn single(time: &str, credentials: &Value) -> Value {
    json!({
        "id": "number", "connection_id": "string", "provider_config_key": "string", "provider": "string",
        "errors": ["empty"], "end_user": "object?", "tags": "object", "metadata": "object?",
        "connection_config": "object", "webhook_url_override": "string?", "created_at": time, "updated_at": time,
        "last_fetched_at": time, "credentials": credentials,
    })
}

fn credentials(raw: &Value) -> Value {
    json!({ "type": "=OAUTH2", "access_token": "string", "expires_at": "zulu", "raw": raw })
}

fn google_raw() -> Value {
    json!({ "access_token": "string", "expires_in": "number", "token_type": "string", "scope": "string", "expires_at": "zulu" })
}

fn listed() -> Value {
    json!({
        "id": "number", "connection_id": "string", "provider_config_key": "string", "provider": "string",
        "errors": [{ "type": "string", "log_id": "string" }], "end_user": "object?", "tags": "object",
        "metadata": "object?", "created": "offset",
    })
}

fn import(name: &'static str, body: Value) -> Case {
    post(name, "/connections", body).gives(201)
}

fn tokens(access: &str) -> Value {
    json!({ "type": "OAUTH2", "access_token": access, "refresh_token": "r", "expires_at": "2126-06-01T00:00:00.000Z" })
}

#[tokio::test]
async fn a_connection_reads_as_documented() {
    let stage = Stage::new();
    let mail = stage.connect("google-mail").await;
    let books = stage.connect("quickbooks").await;
    let mut with_refresh = credentials(&google_raw());
    with_refresh["refresh_token"] = json!("string");
    with_refresh["raw"]["refresh_token"] = json!("string");
    let mut of_books = single(
        "offset",
        &credentials(&json!({
            "access_token": "string", "expires_in": "number", "token_type": "string",
            "x_refresh_token_expires_in": "number", "expires_at": "zulu",
        })),
    );
    of_books["connection_config"] = json!({ "realmId": "string" });
    let mut of_mail = single("offset", &credentials(&google_raw()));
    of_mail["connection_config"] = json!({ "emailAddressHash": "hex64" });
    of_mail["tags"] = json!({ "end_user_id": "=user-1" });
    let old_path = path_of(&mail).replace("/connections/", "/connection/");
    stage
        .play([
            get("connection-get", path_of(&mail)).shaped(of_mail.clone()).with_headers(&["content-type"]),
            get("connection-get-deprecated-path", old_path).shaped(of_mail),
            get("connection-get-quickbooks", path_of(&books)).shaped(of_books),
            get("connection-get-refresh-token", path_of(&mail) + "&refresh_token=true")
                .shaped(single("offset", &with_refresh)),
            get("connection-get-without-credentials-scope", path_of(&mail))
                .key(READ_ONLY_KEY)
                .shaped(single("offset", &json!({}))),
            get("error-scope-force-refresh", path_of(&mail) + "&force_refresh=true")
                .key(READ_ONLY_KEY)
                .fails(403, "forbidden"),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_connection_that_is_not_there_is_refused_in_each_endpoints_own_way() {
    let stage = Stage::new();
    let name = stage.connect("google-mail").await;
    let at = |id: &str, integration: &str| format!("/connections/{id}?provider_config_key={integration}");
    let id = name.connection_id.as_str();
    stage
        .play([
            get("error-connection-get-unknown", at("nobody", "google-mail")).fails(404, "not_found"),
            get("error-connection-get-wrong-integration", at(id, "google-drive")).fails(404, "not_found"),
            get("error-connection-get-unknown-integration", at(id, "none")).fails(400, "unknown_provider_config"),
            get("error-connection-get-no-key", format!("/connections/{id}"))
                .invalid("invalid_query_params", &[("invalid_type", "provider_config_key")]),
            get("error-connection-get-bad-flag", path_of(&name) + "&force_refresh=perhaps")
                .invalid("invalid_query_params", &[("invalid_value", "force_refresh")]),
            patch("error-connection-patch-unknown", at("nobody", "google-mail"), json!({})).fails(404, "not_found"),
            delete("error-connection-delete-no-key", format!("/connections/{id}"))
                .invalid("invalid_query_params", &[("invalid_type", "provider_config_key")]),
            delete("error-connection-delete-bad-id", "/connections/a%3Cb?provider_config_key=google-mail")
                .invalid("invalid_uri_params", &[("invalid_format", "connectionId")]),
            delete("error-connection-delete-unknown-integration", at(id, "none"))
                .gives(400)
                .shaped(json!({ "error": { "code": "=unknown_connection" } })),
            patch(
                "error-connection-metadata-unknown",
                "/connections/metadata",
                json!({
                    "connection_id": "nobody", "provider_config_key": "google-mail", "metadata": {},
                }),
            )
            .fails(404, "unknown_connection"),
            delete("connection-delete", path_of(&name)).shaped(json!({ "success": true })),
            get("error-connection-get-deleted", path_of(&name)).fails(404, "not_found"),
            delete("error-connection-delete-again", path_of(&name))
                .gives(400)
                .shaped(json!({ "error": { "code": "=unknown_connection" } })),
        ])
        .await;
    // Neither the change nor the deletion sent anything.
    let hooks = stage.webhooks().await;
    assert_eq!(hooks.len(), 1, "{hooks:?}");
    stage.end().await;
}

#[tokio::test]
async fn an_import_makes_a_connection_and_the_same_id_again_overwrites_it() {
    let stage = Stage::new();
    let imported = |raw: Value| {
        let mut view = credentials(&raw);
        view["refresh_token"] = json!("string");
        view["expires_at?"] = view["expires_at"].take();
        view.as_object_mut().unwrap().remove("expires_at");
        view
    };
    let raw = json!({ "type": "string", "access_token": "string", "refresh_token": "string", "expires_at?": "zulu" });
    let mut first = single("zulu", &imported(raw.clone()));
    first["tags"] = json!({ "end_user_id": "=user-7", "workspace_id": "=ws" });
    first["metadata"] = json!({ "folder": "=x" });
    let mut second = single("zulu", &imported(raw.clone()));
    second["tags"] = json!({});
    second["metadata"] = json!({});
    let mut of_end_user = single("zulu", &imported(raw.clone()));
    of_end_user["end_user"] =
        json!({ "id": "=user-8", "display_name": null, "email": "string", "tags": null, "organization": null });
    let mut generated = single("zulu", &imported(raw));
    generated["connection_id"] = json!("uuid");
    let path = "/connections/imported-1?provider_config_key=google-drive";
    stage
        .play([
            import("connection-import", json!({
                "provider_config_key": "google-drive", "connection_id": "imported-1", "credentials": tokens("a"),
                "metadata": { "folder": "x" }, "connection_config": { "region": "eu" },
                "tags": { "end_user_id": "user-7", "Workspace_ID": "ws" },
            }))
            .shaped(first),
            import("connection-import-again", json!({
                "provider_config_key": "google-drive", "connection_id": "imported-1", "credentials": tokens("b"),
            }))
            .shaped(second),
            get("connection-get-imported", path).gives(200),
            import("connection-import-end-user", json!({
                "provider_config_key": "google-mail", "connection_id": "imported-2",
                "credentials": { "type": "OAUTH2", "access_token": "c", "refresh_token": "r" },
                "end_user": { "id": "user-8", "email": "carla@brightwater.example" },
            }))
            .shaped(of_end_user),
            import("connection-import-generated-id", json!({
                "provider_config_key": "quickbooks", "credentials": tokens("d"), "connection_config": { "realmId": "1" },
            }))
            .shaped(generated),
            post("error-connection-import-bad-body", "/connections", json!({
                "provider_config_key": "google-drive", "credentials": { "type": "OAUTH2" },
            }))
            .invalid("invalid_body", &[("invalid_type", "credentials.access_token")]),
            post("error-connection-import-unknown-integration", "/connections", json!({
                "provider_config_key": "none", "credentials": tokens("e"),
            }))
            .fails(404, "not_found"),
            post("error-connection-import-wrong-type", "/connections", json!({
                "provider_config_key": "google-drive", "credentials": { "type": "API_KEY", "apiKey": "e" },
            }))
            .fails(400, "invalid_body"),
        ])
        .await;
    let operations: Vec<Value> = stage.webhooks().await.iter().map(|hook| hook["operation"].clone()).collect();
    assert_eq!(operations, ["creation", "override", "creation", "creation"]);
    stage.end().await;
}

#[tokio::test]
async fn tags_metadata_and_webhook_address_can_be_changed() {
    let stage = Stage::new();
    let name = stage.connect("google-drive").await;
    let done = || json!({ "success": true });
    let mut metadata = json!({
        "connection_id": name.connection_id, "provider_config_key": "google-drive", "metadata": { "a": 1, "b": { "c": 2 } },
    });
    let set = metadata.clone();
    metadata["connection_id"] = json!([name.connection_id]);
    metadata["metadata"] = json!({ "b": { "d": 3 } });
    let echo = json!({ "connection_id": "any", "provider_config_key": "string", "metadata": "object" });
    stage
        .play([
            patch("connection-patch-empty", path_of(&name), json!({})).shaped(done()),
            patch("connection-patch-tags", path_of(&name), json!({ "tags": { "note": "changed" } })).shaped(done()),
            patch("connection-patch-webhook-url", path_of(&name), json!({ "webhook_url_override": "" })).shaped(done()),
            get("connection-get-after-patch", path_of(&name)).gives(200),
            post("connection-metadata-set", "/connections/metadata", set).gives(201).shaped(echo.clone()),
            patch("connection-metadata-update", "/connections/metadata", metadata).shaped(echo),
        ])
        .await;
    let after = stage.check(get("connection-get-after-metadata", path_of(&name))).await.json();
    assert_eq!(after["tags"], json!({ "note": "changed" }));
    assert_eq!(after["metadata"], json!({ "a": 1, "b": { "d": 3 } }));
    stage.end().await;
}

#[tokio::test]
async fn lists_filter_and_page_from_zero_newest_first() {
    let stage = Stage::new();
    let mail = stage.connect("google-mail").await;
    let end_user = json!({
        "end_user": { "id": "user-9", "display_name": "Ben Nine", "email": "ben@brightwater.example" },
        "organization": { "id": "org-9" },
    });
    let token = stage.session(end_user).await;
    let nango = &stage.nango;
    let outlook = nango.connect(&token, "outlook", ANNA, Decision::Allow).await.unwrap();
    for number in 0..3 {
        stage
            .check(import("connection-import", json!({
                "provider_config_key": "google-drive", "connection_id": format!("imported-{number}"),
                "credentials": tokens("a"), "tags": { "end_user_id": "user-7", "workspace_id": format!("ws-{number}") },
            })))
            .await;
    }
    let (mail, outlook) = (mail.connection_id.as_str(), outlook.connection_id.as_str());
    let lists: [(&'static str, String, &[&str]); 15] = [
        ("connections-list", String::new(), &["imported-2", "imported-1", "imported-0", outlook, mail]),
        ("connections-list-by-connection-id", format!("?connectionId={mail}"), &[mail]),
        ("connections-list-by-integration", "?integrationId=google-mail,outlook".to_owned(), &[outlook, mail]),
        ("connections-list-by-tag", "?tags[workspace_id]=ws-1".to_owned(), &["imported-1"]),
        ("connections-list-by-tag-encoded", "?tags%5Bworkspace_id%5D=ws-1".to_owned(), &["imported-1"]),
        ("connections-list-by-tag-key-case", "?tags[WORKSPACE_ID]=ws-2".to_owned(), &["imported-2"]),
        (
            "connections-list-by-two-tags",
            "?tags[end_user_id]=user-7&tags[workspace_id]=ws-0".to_owned(),
            &["imported-0"],
        ),
        ("connections-list-by-two-tags", "?tags[end_user_id]=user-9&tags[workspace_id]=ws-0".to_owned(), &[]),
        ("connections-list-by-end-user", "?endUserId=user-9".to_owned(), &[outlook]),
        ("connections-list-by-end-user-tag-only", "?endUserId=user-7".to_owned(), &[]),
        ("connections-list-by-organization", "?endUserOrganizationId=org-9".to_owned(), &[outlook]),
        ("connections-list-search", "?search=IMPORTED".to_owned(), &["imported-2", "imported-1", "imported-0"]),
        ("connections-list-page-0", "?limit=2&page=0".to_owned(), &["imported-2", "imported-1"]),
        ("connections-list-page-1", "?limit=2&page=1".to_owned(), &["imported-0", outlook]),
        ("connections-list-page-past-end", "?limit=2&page=99".to_owned(), &[]),
    ];
    for (name, query, expected) in lists {
        let case = get(name, format!("/connections{query}")).shaped(json!({ "connections": [listed()] }));
        let found = stage.check(case).await.json();
        let ids: Vec<&str> =
            found["connections"].as_array().unwrap().iter().map(|one| one["connection_id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{name}");
    }
    stage
        .play([
            get("error-connections-list-limit", "/connections?limit=2001")
                .invalid("invalid_query_params", &[("too_big", "limit")]),
            get("error-connections-list-page", "/connections?page=-1")
                .invalid("invalid_query_params", &[("too_small", "page")]),
            get("error-connections-list-unknown-param", "/connections?more=1")
                .invalid("invalid_query_params", &[("unrecognized_keys", "")]),
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_reconnect_replaces_tags_and_keeps_the_end_user() {
    let stage = Stage::new();
    let token = stage.session(json!({ "end_user": { "id": "user-9", "tags": { "plan": "big" } } })).await;
    let name = stage.nango.connect(&token, "google-mail", ANNA, Decision::Allow).await.unwrap();
    let first = stage.check(get("connection-get-end-user", path_of(&name))).await.json();
    assert_eq!(first["tags"], json!({ "end_user_id": "user-9", "plan": "big" }));
    let again = json!({ "connection_id": name.connection_id, "integration_id": "google-mail" });
    let answer = stage.check(post("connect-session-reconnect", "/connect/sessions/reconnect", again).gives(201)).await;
    let token = answer.json()["data"]["token"].as_str().unwrap().to_owned();
    let same = stage.nango.connect(&token, "google-mail", ANNA, Decision::Allow).await.unwrap();
    assert_eq!(same.connection_id, name.connection_id);
    let after = stage.check(get("connection-get-after-reconnect-end-user", path_of(&name))).await.json();
    assert_eq!((&after["tags"], &after["end_user"]), (&json!({}), &first["end_user"]));
    assert_eq!(after["id"], first["id"]);
    assert_ne!(after["credentials"]["access_token"], first["credentials"]["access_token"]);
    assert_eq!(stage.nango.environment("dev").unwrap().webhook_signing_key, SIGNING_KEY);
    stage.end().await;
}
