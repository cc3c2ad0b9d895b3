//! What becomes of connections: lost webhooks, lost authorization, the end of one, people who leave, rows from before.

use std::time::{Duration, Instant};

use cortex_sandbox::faults::{Fault, FaultKind};
use cortex_sandbox::nango::{ConnectionName, Decision, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, connected, visit_with_nango as visit};
use crate::log;
use crate::people::{ADA, JONAS, KESTREL, MARTA};
use crate::stack::Stack;

const STATUS: &str = "/api/v1/oauth/status";

impl Client<'_> {
    /// How the bearer stands with Gmail, as soon as he is connected.
    async fn gmail(&self, token: &str) -> Value {
        self.until(token, STATUS, connected).await["providers"]["gmail"].clone()
    }

    async fn delete(&self, token: &str, id: &Value, query: &str) -> (StatusCode, Value) {
        self.call(token, Method::DELETE, &format!("/api/v1/oauth/connections/{id}{query}"), None).await
    }

    async fn ask_nango(&self, token: &str) -> (StatusCode, Value) {
        let path = "/api/v1/oauth/connect/sync-from-nango?provider=gmail";
        self.call(token, Method::POST, path, None).await
    }

    /// The ids of all connections that Nango has.
    async fn at_nango(&self) -> Vec<String> {
        let key = self.stack.nango.environments().remove(0).api_key;
        let url = format!("{}/connections", self.stack.nango.base_url());
        let listed: Value = crate::stack::http().get(url).bearer_auth(key).send().await.unwrap().json().await.unwrap();
        let ids = listed["connections"].as_array().unwrap().iter();
        ids.map(|one| one["connection_id"].as_str().unwrap().to_owned()).collect()
    }
}

async fn count(stack: &Stack, query: &str) -> i64 {
    stack.company.connect().await.query_one(query, &[]).await.unwrap().get(0)
}

fn needs_reauthorization(_: StatusCode, status: &Value) -> bool {
    status["providers"]["gmail"]["needs_reauthorization"] == true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_is_one_here_and_at_nango_and_leaves_a_colleagues_connection_alone() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let marta = client.connect(&MARTA, "gmail", MARTA.email).await;
        let jonas = client.connect(&JONAS, "gmail", JONAS.email).await;
        let mine = client.gmail(&marta).await;
        let colleagues = client.gmail(&jonas).await;
        client.sync(&marta).await;
        client.sync(&jonas).await;
        let brought_by =
            |user| format!("select count(distinct document_id) from document_sources where user_id = '{user}'");
        let (of_jonas, all) =
            (count(&stack, &brought_by(JONAS.id)).await, count(&stack, "select count(*) from documents").await);

        assert_eq!(client.delete(&jonas, &mine["id"], "").await.0, StatusCode::NOT_FOUND, "somebody else's");
        let (status, ended) = client.delete(&marta, &mine["id"], "?documents=purge").await;

        assert_eq!((status, &ended["disconnected"]), (StatusCode::OK, &json!(true)), "{ended}");
        assert_eq!(ended["documents_removed"], all - of_jonas, "what only she brought in");
        assert_eq!(count(&stack, "select count(*) from documents").await, of_jonas);
        assert_eq!(client.at_nango().await, [colleagues["connection_id"].as_str().unwrap()]);
        let after = client.get(&marta, STATUS).await["providers"]["gmail"].clone();
        assert_eq!((&after["connected"], &after["status"]), (&json!(false), &json!("disconnected")));
        for path in ["/api/v1/sync/gmail", "/api/v1/sync/initial/gmail", "/connect/reconnect?provider=gmail"] {
            let (status, problem) = client.call(&marta, Method::POST, path, None).await;
            assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("not_connected")), "{path}");
        }
        let jonas_now = client.get(&jonas, STATUS).await["providers"]["gmail"].clone();
        assert_eq!(jonas_now["connection_id"], colleagues["connection_id"]);
        assert_eq!(jonas_now["initial_sync_completed"], true);

        // Another account is possible now, in the same row, and may be read from the beginning.
        client.connect(&MARTA, "gmail", JONAS.email).await;
        let again = client.gmail(&marta).await;
        assert_eq!((&again["id"], &again["account_email"]), (&mine["id"], &json!(JONAS.email)));
        assert_ne!(again["connected_at"], mine["connected_at"]);
        assert_eq!(again["can_manual_sync"], true);
    })
    .await;
}

/// Somebody with Nango's key lets another account, and then the right one, write over a connection.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_account_was_written_over_is_read_no_more_until_the_right_one_is_back() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let (token, made) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        client.gmail(&token).await;
        client.sync(&token).await;
        stack.nango.settled().await;

        write_over(&stack, &made, JONAS.email).await;
        let lost = client.until(&token, STATUS, needs_reauthorization).await["providers"]["gmail"].clone();
        assert_eq!((&lost["reason"], &lost["account_email"]), (&json!("account_mismatch"), &json!(MARTA.email)));
        assert_eq!(client.ask_nango(&token).await.0, StatusCode::OK);
        let (status, problem) = client.call(&token, Method::POST, "/api/v1/sync/gmail", None).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("needs_reauthorization")));

        write_over(&stack, &made, MARTA.email).await;
        let healthy = |_: StatusCode, status: &Value| status["providers"]["gmail"]["status"] == "active";
        let after = client.until(&token, STATUS, healthy).await["providers"]["gmail"].clone();
        assert_eq!((&after["connection_id"], &after["reason"]), (&lost["connection_id"], &Value::Null));
    })
    .await;
}

/// By Nango's own session for reconnects, which we never open.
async fn write_over(stack: &Stack, made: &ConnectionName, account: &str) {
    let key = stack.nango.environments().remove(0).api_key;
    let url = format!("{}/connect/sessions/reconnect", stack.nango.base_url());
    let body = json!({ "connection_id": made.connection_id, "integration_id": made.provider_config_key });
    let answer = crate::stack::http().post(url).bearer_auth(key).json(&body).send().await.unwrap();
    let opened: Value = answer.json().await.unwrap();
    let session = opened["data"]["token"].as_str().unwrap();
    stack.nango.connect(session, &made.provider_config_key, account, Decision::Allow).await.unwrap();
}

/// What could not be done at Nango is made up for.
#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_while_nango_is_away_holds_here_and_reaches_nango_later() {
    let left = "select count(*) from broker_removals where removed_at is null";
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let (token, _) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        let mine = client.gmail(&token).await;
        stack.nango.settled().await;
        stack.nango.go_down(Part::Api).await;

        assert_eq!(client.delete(&token, &mine["id"], "").await.0, StatusCode::OK);
        assert_eq!(count(&stack, left).await, 1);

        stack.nango.come_up(Part::Api).unwrap();
        assert_eq!(client.at_nango().await.len(), 1);
        stack.company.batch("update broker_removals set run_after = now()").await;
        while count(&stack, left).await > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(client.at_nango().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sees_and_ends_everybodys_connection_and_only_an_owner_purges_what_others_brought_in() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let jonas = client.connect(&JONAS, "gmail", JONAS.email).await;
        let his = client.gmail(&jonas).await;
        client.sync(&jonas).await;
        let (ada, marta) = (stack.sign_in(&ADA).await, stack.sign_in(&MARTA).await);
        let listed = client.get(&ada, "/api/v1/oauth/connections?scope=company").await;
        let item = &listed["items"][0];
        assert_eq!((&item["id"], &item["user_id"]), (&his["id"], &json!(JONAS.id.to_string())), "{listed}");
        assert_eq!((&item["user_email"], &item["account_email"]), (&json!(JONAS.email), &json!(JONAS.email)));
        assert_eq!(item["documents"], count(&stack, "select count(*) from documents").await);

        let (status, problem) = client.delete(&ada, &his["id"], "?documents=purge").await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("role_too_low")));
        assert_eq!(client.gmail(&jonas).await["connected"], true);
        let (status, ended) = client.delete(&ada, &his["id"], "").await;
        assert_eq!((status, &ended["user_id"]), (StatusCode::OK, &json!(ADA.id.to_string())), "who did it");
        let (status, purged) = client.delete(&marta, &his["id"], "?documents=purge").await;
        assert_eq!(status, StatusCode::OK, "{purged}");
        assert!(purged["documents_removed"].as_u64().unwrap() > 10, "{purged}");
        assert_eq!(count(&stack, "select count(*) from documents").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_webhook_costs_time_only() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        stack.nango.lose_webhooks(u32::MAX);
        let (token, made) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        stack.nango.settled().await;
        assert!(!connected(StatusCode::OK, &client.get(&token, STATUS).await));

        let (status, looked) = client.ask_nango(&token).await;

        assert_eq!((status, &looked["found"], &looked["saved"]), (StatusCode::OK, &json!(1), &json!(1)), "{looked}");
        assert_eq!(client.gmail(&token).await["connection_id"], made.connection_id);
        let (_, again) = client.ask_nango(&token).await;
        assert_eq!((&again["found"], &again["saved"]), (&json!(1), &json!(0)));

        // The next one is found by itself, when it is time to compare again.
        client.connect(&JONAS, "gmail", JONAS.email).await;
        stack.nango.settled().await;
        stack.company.batch("update upkeep_turns set next_at = now()").await;
    })
    .await;
    // A process that starts compares at once, if it is its turn.
    visit(&stack, async |client| {
        let jonas = stack.sign_in(&JONAS).await;
        assert_eq!(client.gmail(&jonas).await["account_email"], JONAS.email);
    })
    .await;
}

/// The provider withdraws its consent, Nango notices at the next refresh, and the person connects again.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_that_is_lost_is_told_stops_the_syncs_and_comes_back_with_a_reconnect() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let (token, made) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        let before = client.gmail(&token).await;
        client.sync(&token).await;
        stack.nango.revoke_account(MARTA.email, None);
        stack.nango.advance(std::time::Duration::from_hours(2));

        refresh(&stack, &made).await;
        let lost = client.until(&token, STATUS, needs_reauthorization).await["providers"]["gmail"].clone();

        assert_eq!((&lost["connected"], &lost["reason"]), (&json!(true), &json!("invalid_credentials")));
        let (status, problem) = client.call(&token, Method::POST, "/api/v1/sync/gmail", None).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("needs_reauthorization")));

        client.connect(&MARTA, "gmail", MARTA.email).await;
        let healthy = |_: StatusCode, status: &Value| status["providers"]["gmail"]["status"] == "active";
        let after = client.until(&token, STATUS, healthy).await["providers"]["gmail"].clone();
        assert_eq!((&after["id"], &after["connected_at"]), (&before["id"], &before["connected_at"]));
        assert_ne!(after["connection_id"], before["connection_id"]);
        assert_eq!(after["reason"], Value::Null);
    })
    .await;
    let told =
        "select string_agg(action, ' ' order by created_at) from admin_audit_log where action like 'connection%'";
    let row = stack.company.connect().await.query_one(told, &[]).await.unwrap();
    let expected = "connection_initiated connection_created connection_needs_reauthorization connection_initiated \
                    connection_reconnected";
    assert_eq!(row.get::<_, String>(0), expected);
}

/// Has Nango use the connection's credentials, and renew them first.
async fn refresh(stack: &Stack, connection: &ConnectionName) {
    let key = stack.nango.environments().remove(0).api_key;
    let ConnectionName { connection_id, provider_config_key, .. } = connection;
    let url = format!(
        "{}/connections/{connection_id}?provider_config_key={provider_config_key}&force_refresh=true",
        stack.nango.base_url()
    );
    let answer = crate::stack::http().get(url).bearer_auth(key).send().await.unwrap();
    assert!(answer.status().is_client_error(), "{answer:?}");
}

/// A webhook says so, after somebody began.
#[tokio::test(flavor = "multi_thread")]
async fn what_nango_fetched_is_read_by_itself_once_the_account_was_read() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let (token, made) = client.connect_as(&MARTA, "gmail", MARTA.email).await;
        client.gmail(&token).await;
        client.sync(&token).await;
        stack.nango.settled().await;
        let record = json!({
            "id": "written-later", "subject": "The gantry crane", "sender": "ada.brook@kestrelpumps.example",
            "recipients": MARTA.email, "date": "2026-03-02T10:00:00Z", "body": "It swings the other way.",
            "threadId": "t-9", "attachments": [],
        });

        stack.nango.change_records(&made, "GmailEmail", &[record], &[]).unwrap();
        tell_of_a_sync(&client, &made).await;

        let found = |_: StatusCode, answer: &Value| answer["total"] == 1;
        let answer = client.until(&token, "/api/v1/search?query=gantry+crane", found).await;
        let hit = &answer["results"][0];
        assert_eq!(hit["ingestion_method"], "webhook", "{answer}");
        assert_eq!(hit["ingested_by_user_id"], MARTA.id.to_string());
    })
    .await;
}

/// A webhook of a sync of the connection, signed as Nango does.
async fn tell_of_a_sync(client: &Client<'_>, connection: &ConnectionName) {
    let body = crate::webhook_mix::sync_body(&connection.connection_id, &connection.provider_config_key, 1);
    let signature = crate::webhook_mix::sign(client.stack, &body);
    let request = client.request(Method::POST, "/nango/webhook").header("X-Nango-Hmac-Sha256", signature);
    assert_eq!(request.body(body).send().await.unwrap().status(), StatusCode::ACCEPTED);
}

/// However he was let go: by this API, or by hand in Master.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_let_go_has_nothing_read_any_more_at_once() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let jonas = client.connect(&JONAS, "gmail", JONAS.email).await;
        client.gmail(&jonas).await;
        let marta = stack.sign_in(&MARTA).await;
        let by_hand = format!("update company_users set is_active = false where user_id = '{}'", JONAS.id);
        let back = format!("update company_users set is_active = true where user_id = '{}'", JONAS.id);
        for by_the_api in [true, false] {
            // Nango takes its time with every page.
            let fault = FaultKind::Delay { millis: 300 };
            stack.nango.faults().add(Fault { path_prefix: "/records".into(), method: None, times: None, fault });
            let (status, started) = client.call(&jonas, Method::POST, "/api/v1/sync/gmail", None).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{started}");
            let job = format!("/api/v1/sync/jobs/{}", started["job_id"].as_str().unwrap());

            if by_the_api {
                let path = format!("/api/v1/users/{}", JONAS.id);
                assert_eq!(client.call(&marta, Method::DELETE, &path, None).await.0, StatusCode::OK);
            } else {
                stack.master.batch(&by_hand).await;
            }

            let ended =
                client.until(&marta, &job, |_, job| job["status"] != "running" && job["status"] != "queued").await;
            assert_eq!((&ended["status"], &ended["error_code"]), (&json!("cancelled"), &json!("member_inactive")));
            stack.nango.faults().clear();
            stack.master.batch(&back).await;
            client.until(&jonas, "/api/v1/me", |status, _| status == StatusCode::OK).await;
        }
    })
    .await;
}

/// A row from before connections had owners, at Nango too.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_connection_is_shown_to_admins_and_claimed_by_who_connects_the_same_account() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let marta = client.connect(&MARTA, "gmail", MARTA.email).await;
        let old = client.gmail(&marta).await;
        stack
            .company
            .batch(
                "update connections set user_id = null, user_email = null, account_email = null, account_id = null, \
                 status = 'needs_reauthorization', reason = 'no_user', connected_at = '2025-05-05T12:00:00Z'; \
                 delete from connect_sessions",
            )
            .await;
        let ada = stack.sign_in(&ADA).await;
        let listed = client.get(&ada, "/api/v1/oauth/connections?scope=company").await;
        let item = &listed["items"][0];
        assert_eq!((&item["user_id"], &item["reason"]), (&Value::Null, &json!("no_user")), "{listed}");
        assert_eq!(item["needs_reauthorization"], true);

        // Another account claims nothing; the same one does, whoever brings it.
        let jonas = client.connect(&JONAS, "gmail", JONAS.email).await;
        assert_ne!(client.gmail(&jonas).await["id"], old["id"]);
        client.connect(&MARTA, "gmail", MARTA.email).await;
        let claimed = client.gmail(&marta).await;

        assert_eq!((&claimed["id"], &claimed["connected_at"]), (&old["id"], &json!("2025-05-05T12:00:00Z")));
        assert_ne!(claimed["connection_id"], old["connection_id"]);
        // What it replaces is removed at Nango beside that.
        let (old, begun) = (old["connection_id"].as_str().unwrap(), Instant::now());
        while client.at_nango().await.iter().any(|left| left == old) {
            assert!(begun.elapsed() < Duration::from_mins(1), "{old} stays at Nango");
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(count(&stack, "select count(*) from connections").await, 2);
}

/// Each way in which Nango can fail, over a socket, and what the person is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_connect_that_nango_does_not_begin_says_whether_to_come_again() {
    let stack = Stack::with(&[("NANGO_TIMEOUT_SECONDS", "1"), ("RATE_LIMIT_CONNECT", "0")]).await;
    visit(&stack, async |client| {
        let token = stack.sign_in(&MARTA).await;
        let start = async || {
            let path = "/api/v1/oauth/connect/start?provider=gmail";
            let (status, problem) = client.call(&token, Method::POST, path, None).await;
            (status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
        };
        let away = (503, "nango_unavailable".to_owned());
        let nonsense = (502, "nango_bad_answer".to_owned());
        for (fault, expected) in [
            (FaultKind::Status { status: 500, retry_after_seconds: None }, &away),
            (FaultKind::Status { status: 429, retry_after_seconds: Some(7) }, &away),
            (FaultKind::Status { status: 401, retry_after_seconds: None }, &away),
            (FaultKind::Status { status: 418, retry_after_seconds: None }, &nonsense),
            (FaultKind::Delay { millis: 1500 }, &away),
            (FaultKind::Html, &nonsense),
            (FaultKind::CutJson, &nonsense),
            (FaultKind::Drop, &away),
        ] {
            let told = format!("{fault:?}");
            stack.nango.faults().add(Fault { path_prefix: "/connect".into(), method: None, times: None, fault });
            assert_eq!(start().await, *expected, "{told}");
            stack.nango.faults().clear();
        }
        stack.nango.go_down(Part::Api).await;
        assert_eq!(start().await, away);
        stack.nango.come_up(Part::Api).unwrap();
        assert_eq!(start().await.0, 200);
    })
    .await;
    let sessions = "select count(*) from connect_sessions";
    assert_eq!(count(&stack, sessions).await, 1, "nothing is half remembered");
}

/// The greps that operators know, on the log of a whole way.
#[tokio::test(flavor = "multi_thread")]
async fn the_documented_searches_find_what_they_promise() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let token = client.connect(&MARTA, "gmail", MARTA.email).await;
        client.gmail(&token).await;
        client.connect(&MARTA, "gmail", JONAS.email).await;
        let refused = |_: StatusCode, status: &Value| status["providers"]["gmail"]["reason"] == "account_mismatch";
        client.until(&token, STATUS, refused).await;
        let path = "/api/v1/oauth/connect/reconnect?provider=outlook";
        assert_eq!(client.call(&token, Method::POST, path, None).await.0, StatusCode::CONFLICT);
    })
    .await;

    let log = log::listen();
    let both = [MARTA.id.to_string(), KESTREL.to_string()];
    for (tag, success) in [
        ("[OAUTH_START]", true),
        ("[WEBHOOK_AUTH]", true),
        ("[SAVE_CONNECTION]", true),
        ("[OAUTH_START]", false),
        ("[WEBHOOK_AUTH]", false),
    ] {
        let words = if success { [tag, "✅", "SUCCESS"] } else { [tag, "❌", ""] };
        let found = log.lines_with(&[&words[..], &[&both[0], &both[1]]].concat());
        assert!(!found.is_empty(), "{words:?}");
    }
    let refused = log.lines_with(&["❌ [WEBHOOK_AUTH]", "account_mismatch"]);
    assert_eq!(refused.len(), 1, "{refused:?}");
    let not_connected = log.lines_with(&["❌ [OAUTH_START]", "provider outlook", "not connected"]);
    assert_eq!(not_connected.len(), 1, "{not_connected:?}");
    for tag in ["[OAUTH_START]", "[WEBHOOK_AUTH]", "[SAVE_CONNECTION]"] {
        for line in log.lines_with(&[tag, &both[0]]) {
            assert!(line.contains(&format!("company {KESTREL}, request ")), "{line}");
        }
    }
}
