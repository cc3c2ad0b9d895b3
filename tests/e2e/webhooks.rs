//! Webhooks by the thousand, of every kind, from many clients at once, while Nango goes away and comes back.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use cortex_sandbox::nango::{ConnectionName, Part};
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::client::{Client, visit_with_nango as visit};
use crate::people::{BRAMBLEWICK, JONAS, KESTREL, MARTA, Person};
use crate::stack::Stack;

/// What to send, and what is to become of it.
struct Sent {
    body: Vec<u8>,
    signature: String,
    expected: StatusCode,
}

const CLIENTS: usize = 32;
const PROVIDERS: [&str; 4] = ["gmail", "outlook", "google_drive", "quickbooks"];

/// Nango's signature over a body.
pub(crate) fn sign(stack: &Stack, body: &[u8]) -> String {
    let key = stack.nango.environments().remove(0).webhook_signing_key;
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(body);
    mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// The webhook of a sync that ended well, the `n`-th of its connection.
pub(crate) fn sync_body(connection: &str, integration: &str, n: usize) -> Vec<u8> {
    let moment = format!("2026-03-02T12:{:02}:{:02}.{:03}Z", n / 60 % 60, n % 60, n % 1000);
    let body = json!({
        "connectionId": connection, "from": "nango", "model": "GmailEmail", "modifiedAfter": moment,
        "providerConfigKey": integration, "queryTimeStamp": moment,
        "responseResults": { "added": n, "deleted": 0, "updated": 0 }, "success": true, "syncName": "emails",
        "syncType": "INCREMENTAL", "syncVariant": "base", "type": "sync",
    });
    body.to_string().into_bytes()
}

/// Connects both people with every provider; no webhook tells of it. Answers the webhooks that should have.
async fn connect_everything(client: &Client<'_>) -> Vec<(ConnectionName, Vec<u8>)> {
    let stack = client.stack;
    stack.nango.lose_webhooks(u32::MAX);
    let mut made = Vec::new();
    for person in [&MARTA, &JONAS] {
        for provider in PROVIDERS {
            made.push(client.connect_as(person, provider, person.email).await.1);
        }
    }
    stack.nango.settled().await;
    let told = stack.nango.webhooks();
    made.into_iter()
        .map(|name| {
            let of_it = |body: &Value| body["type"] == "auth" && body["connectionId"] == name.connection_id;
            let body = told
                .iter()
                .find(|one| of_it(&serde_json::from_str(&one.body).unwrap()))
                .map(|one| one.body.clone().into_bytes());
            (name, body.unwrap())
        })
        .collect()
}

fn creation(user: &Person, company: &str, id: &str) -> Vec<u8> {
    let body = json!({
        "authMode": "OAUTH2", "connectionId": id, "environment": "dev", "from": "nango", "operation": "creation",
        "provider": "google-mail", "providerConfigKey": "google-mail", "success": true, "type": "auth",
        "tags": { "end_user_id": user.id.to_string(), "organization_id": company },
    });
    body.to_string().into_bytes()
}

/// A thousand: valid ones, the same again, forged, of another company, and broken in every way.
fn a_thousand(stack: &Stack, made: &[(ConnectionName, Vec<u8>)]) -> Vec<Sent> {
    let sent = |body: Vec<u8>, expected| {
        let signature = sign(stack, &body);
        Sent { body, signature, expected }
    };
    let valid: Vec<Vec<u8>> = made
        .iter()
        .map(|(_, body)| body.clone())
        .chain((0..392).map(|n| {
            let (name, _) = &made[n % made.len()];
            sync_body(&name.connection_id, &name.provider_config_key, n)
        }))
        .collect();
    let mut all: Vec<Sent> = Vec::new();
    for body in &valid {
        all.push(sent(body.clone(), StatusCode::ACCEPTED));
    }
    for body in valid.iter().take(200) {
        all.push(sent(body.clone(), StatusCode::ACCEPTED));
    }
    for n in 0..150 {
        let body = creation(&MARTA, &KESTREL.to_string(), &format!("forged-{n}"));
        all.push(Sent { signature: "5e".repeat(32), body, expected: StatusCode::UNAUTHORIZED });
    }
    for n in 0..150 {
        let company = BRAMBLEWICK.to_string();
        all.push(sent(creation(&MARTA, &company, &format!("foreign-{n}")), StatusCode::ACCEPTED));
    }
    for n in 0..100 {
        let body = match n % 5 {
            0 => format!("not JSON {n}").into_bytes(),
            1 => json!({ "type": "forward", "from": "google-mail", "payload": { "n": n } }).to_string().into_bytes(),
            2 => json!({ "type": "something new", "n": n }).to_string().into_bytes(),
            3 => vec![0xff, 0x00, u8::try_from(n).unwrap()],
            _ => format!("{{\"type\":\"auth\",\"operation\":\"creation\",\"n\":{n}").into_bytes(),
        };
        all.push(sent(body, StatusCode::ACCEPTED));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_webhooks_every_valid_one_is_accounted_for_and_nothing_else_is_saved() {
    let stack = Stack::with(&[("RATE_LIMIT_CONNECT", "0")]).await;
    visit(&stack, async |client| {
        let made = connect_everything(&client).await;
        let all = a_thousand(&stack, &made);
        assert_eq!(all.len(), 1_000);
        let (next, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let sender = async || {
            loop {
                // 619 has no divisor in common with 1,000: every one is taken once, and the kinds are mixed.
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= all.len() {
                    return;
                }
                let Sent { body, signature, expected } = &all[n * 619 % all.len()];
                let request = client.request(Method::POST, "/nango/webhook").header("X-Nango-Hmac-Sha256", signature);
                let answer = request.body(body.clone()).send().await.unwrap();
                assert_eq!(answer.status(), *expected, "{}", String::from_utf8_lossy(body));
                answered.fetch_add(1, Ordering::Relaxed);
            }
        };
        let outage = async {
            while answered.load(Ordering::Relaxed) < 300 {
                tokio::task::yield_now().await;
            }
            stack.nango.go_down(Part::Api).await;
            while answered.load(Ordering::Relaxed) < all.len() {
                tokio::task::yield_now().await;
            }
            stack.nango.come_up(Part::Api).unwrap();
        };
        tokio::join!(join_all((0..CLIENTS).map(|_| sender())), outage);

        let database = stack.company.connect().await;
        let pending = "select count(*) from webhook_inbox where state = 'pending'";
        while database.query_one(pending, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            // What waits for Nango, or for the webhook that it overtook, need not wait for long here.
            let hurry = "update webhook_inbox set run_after = now() \
                where state = 'pending' and run_after > now() + interval '30 seconds'";
            database.execute(hurry, &[]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let rows = database.query("select body, state, last_error from webhook_inbox", &[]).await.unwrap();
        let states: Vec<(Vec<u8>, String, Option<String>)> =
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        let dead: Vec<_> = states.iter().filter(|(_, state, _)| state == "dead").collect();
        assert!(dead.is_empty(), "{dead:?}");
        let kept: HashSet<&[u8]> = states.iter().map(|(body, _, _)| body.as_slice()).collect();
        for Sent { body, expected, .. } in &all {
            let is_foreign = String::from_utf8_lossy(body).contains(&BRAMBLEWICK.to_string());
            let is_kept = *expected == StatusCode::ACCEPTED && !is_foreign;
            assert_eq!(kept.contains(body.as_slice()), is_kept, "{}", String::from_utf8_lossy(body));
        }
        for (_, body) in &made {
            let done = states.iter().any(|(kept, state, _)| kept == body && state == "done");
            assert!(done, "{}", String::from_utf8_lossy(body));
        }
        let expected: HashSet<String> = made.iter().map(|(name, _)| name.connection_id.clone()).collect();
        let rows = database.query("select connection_id from connections where status = 'active'", &[]).await.unwrap();
        let saved: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(saved, expected, "one connection a person and provider, and no other");
        let stray = "select count(*) from quarantined_connections";
        assert_eq!(database.query_one(stray, &[]).await.unwrap().get::<_, i64>(0), 0);
        let created = "select count(*) from admin_audit_log where action = 'connection_created'";
        assert_eq!(database.query_one(created, &[]).await.unwrap().get::<_, i64>(0), 8);
    })
    .await;
}
