//! Webhooks of every kind, as Nango and others may send them.

use std::fmt::Write as _;

use cortex_sandbox::nango::ConnectionName;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::client::Client;
use crate::people::{BRAMBLEWICK, JONAS, KESTREL, MARTA, Person};
use crate::stack::Stack;

/// What a webhook is to the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A connection that a member made, or a sync of one.
    Valid,
    /// One that was sent already.
    Duplicate,
    /// Signed with another key.
    Forged,
    /// Of another company.
    Foreign,
    /// Nothing that anybody understands.
    Broken,
}

/// What to send, and how.
pub(crate) struct Sent {
    pub(crate) kind: Kind,
    pub(crate) body: Vec<u8>,
    signature: String,
}

impl Sent {
    fn signed(stack: &Stack, kind: Kind, body: Vec<u8>) -> Self {
        Self { kind, signature: sign(stack, &body), body }
    }

    /// Sends it; a wrong answer ends the test.
    pub(crate) async fn send(&self, http: &reqwest::Client, client: &Client<'_>) {
        let url = format!("http://{}/nango/webhook", client.address);
        let request = http.request(Method::POST, url).header("X-Nango-Hmac-Sha256", &self.signature);
        let answer = request.body(self.body.clone()).send().await.unwrap();
        let expected = if self.kind == Kind::Forged { StatusCode::UNAUTHORIZED } else { StatusCode::ACCEPTED };
        assert_eq!(answer.status(), expected, "{:?}: {}", self.kind, String::from_utf8_lossy(&self.body));
        answer.bytes().await.unwrap();
    }
}

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
pub(crate) async fn connect_everything(client: &Client<'_>) -> Vec<(ConnectionName, Vec<u8>)> {
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

/// So many, a multiple of 20: valid ones, the same again, forged, of another company, and broken in every way.
pub(crate) fn mix(stack: &Stack, made: &[(ConnectionName, Vec<u8>)], total: usize) -> Vec<Sent> {
    let of = |kind, body| Sent::signed(stack, kind, body);
    let part = |percent: usize| total * percent / 100;
    let syncs = (0..part(40) - made.len()).map(|n| {
        let (name, _) = &made[n % made.len()];
        sync_body(&name.connection_id, &name.provider_config_key, n)
    });
    let valid: Vec<Vec<u8>> = made.iter().map(|(_, body)| body.clone()).chain(syncs).collect();
    let forged = (0..part(15)).map(|n| {
        let body = creation(&MARTA, &KESTREL.to_string(), &format!("forged-{n}"));
        Sent { kind: Kind::Forged, signature: "5e".repeat(32), body }
    });
    let foreign = (0..part(15)).map(|n| {
        let company = BRAMBLEWICK.to_string();
        of(Kind::Foreign, creation(&MARTA, &company, &format!("foreign-{n}")))
    });
    valid
        .iter()
        .map(|body| of(Kind::Valid, body.clone()))
        .chain(valid.iter().take(part(20)).map(|body| of(Kind::Duplicate, body.clone())))
        .chain(forged)
        .chain(foreign)
        .chain((0..part(10)).map(|n| of(Kind::Broken, broken(n))))
        .collect()
}

/// Not JSON, what the product has no use for, what it does not know, not even text, and what breaks off.
fn broken(n: usize) -> Vec<u8> {
    match n % 5 {
        0 => format!("not JSON {n}").into_bytes(),
        1 => json!({ "type": "forward", "from": "google-mail", "payload": { "n": n } }).to_string().into_bytes(),
        2 => json!({ "type": "something new", "n": n }).to_string().into_bytes(),
        3 => [&[0xff, 0x00][..], &n.to_le_bytes()].concat(),
        _ => format!("{{\"type\":\"auth\",\"operation\":\"creation\",\"n\":{n}").into_bytes(),
    }
}
