//! Webhooks: what they say, how they are signed, how often they are tried.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::config::WebhookSettings;
use super::journal::{Attempt, DeliveryOutcome};
use super::state::State;
use super::world::{Connection, EndUser, World};
use crate::hex;

const USER_AGENT: &str = "nango/0.71.4 (sandbox)";
/// The most attempts; the waits between them are configured.
const MOST_ATTEMPTS: usize = 3;

/// What happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Creation,
    Override,
    Refresh,
}

/// Which part of Nango sends: they learn of a new signing key at different times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Server,
    Jobs,
}

/// A signed body on its way to its addresses.
#[derive(Debug)]
struct Parcel {
    environment: String,
    urls: Vec<String>,
    body: String,
    headers: HeaderMap,
    hmac: String,
}

/// Tells of a connection that was made or made anew.
pub(super) fn send_auth_success(
    state: &Arc<State>,
    connection: &Connection,
    operation: Operation,
    end_user: Option<&EndUser>,
) {
    if operation == Operation::Creation && !settings(state, connection.environment).on_auth_creation {
        return;
    }
    let integration = (connection.integration.as_str(), connection.provider.as_str());
    let mut body = auth_body(state, connection.environment, operation, integration, &connection.connection_id);
    body["success"] = json!(true);
    body["tags"] = json!(connection.tags);
    if let Some(end_user) = end_user {
        body["endUser"] = end_user_body(end_user);
    }
    send(state, connection.environment, connection.webhook_url.as_deref(), Sender::Server, &body);
}

/// Tells of a connection that could not be made: no tags, so nobody knows whose it would have been.
pub(super) fn send_auth_failure(
    state: &Arc<State>,
    environment: Uuid,
    integration: (&str, &str),
    connection_id: &str,
    webhook_url: Option<&str>,
    error: (&str, &str),
) {
    if !settings(state, environment).on_auth_creation {
        return;
    }
    let mut body = auth_body(state, environment, Operation::Creation, integration, connection_id);
    body["success"] = json!(false);
    body["error"] = json!({ "type": error.0, "description": error.1 });
    send(state, environment, webhook_url, Sender::Server, &body);
}

/// Tells of a token that could not be refreshed.
pub(super) fn send_refresh_failure(state: &Arc<State>, connection: &Connection, description: &str) {
    if !settings(state, connection.environment).on_auth_refresh_error {
        return;
    }
    let integration = (connection.integration.as_str(), connection.provider.as_str());
    let mut body = auth_body(state, connection.environment, Operation::Refresh, integration, &connection.connection_id);
    body["success"] = json!(false);
    body["tags"] = json!(connection.tags);
    body["error"] = json!({ "type": "refresh_token_external_error", "description": description });
    send(state, connection.environment, connection.webhook_url.as_deref(), Sender::Server, &body);
}

/// Signs `body` and sends it to the override, or else to every URL of the environment.
pub(super) fn send(state: &Arc<State>, environment: Uuid, only_to: Option<&str>, sender: Sender, body: &Value) {
    send_raw(state, environment, only_to, sender, compact(body), HeaderMap::new());
}

/// The same for a body that is already text, with more headers.
pub(super) fn send_raw(
    state: &Arc<State>,
    environment: Uuid,
    only_to: Option<&str>,
    sender: Sender,
    body: String,
    headers: HeaderMap,
) {
    let parcel = {
        let world = state.world();
        pack(&world, state, environment, only_to, sender, body, headers)
    };
    let Some(parcel) = parcel else { return };
    for url in parcel.urls.clone() {
        let Some(number) = state.journal.webhook(&parcel.environment, &url, &parcel.body, &parcel.hmac) else {
            continue;
        };
        let (delivery, body, headers) = (Arc::clone(state), parcel.body.clone(), parcel.headers.clone());
        state.tasks.spawn(async move { deliver(&delivery, number, &url, body, headers).await });
    }
}

/// `X-Nango-Hmac-Sha256`: HMAC-SHA256 of the body, lower case hexadecimal.
pub(super) fn hmac_signature(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// `X-Nango-Signature`: SHA-256 of key and body, lower case hexadecimal.
pub(super) fn legacy_signature(key: &str, body: &[u8]) -> String {
    hex::encode(Sha256::new().chain_update(key).chain_update(body).finalize())
}

/// Compact JSON with the keys of every object in alphabetical order.
pub(super) fn compact(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut pairs: Vec<_> = fields.iter().collect();
            pairs.sort_by_key(|(key, _)| key.as_str());
            let pairs: Vec<String> =
                pairs.into_iter().map(|(key, value)| format!("{}:{}", json!(key), compact(value))).collect();
            format!("{{{}}}", pairs.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(compact).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

async fn deliver(state: &Arc<State>, number: u64, url: &str, body: String, headers: HeaderMap) {
    let delays = &state.config.webhook_retry_delays_ms;
    for attempt in 0..MOST_ATTEMPTS {
        if attempt > 0 {
            let delay = delays.get(attempt - 1).or(delays.last()).copied().unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        let at = state.clock.now();
        let answer = state.webhook_http.post(url).headers(headers.clone()).body(body.clone()).send().await;
        let (status, error) = match &answer {
            Ok(response) => (Some(response.status().as_u16()), None),
            Err(error) if error.is_timeout() => (None, Some("no answer in time".to_owned())),
            Err(error) => (None, Some(error.to_string())),
        };
        state.journal.attempt(number, Attempt { at, status, error });
        match status {
            Some(200..=299) => return state.journal.ended(number, DeliveryOutcome::Delivered),
            Some(status) if status < 500 => break,
            _ => {}
        }
    }
    state.journal.ended(number, DeliveryOutcome::GivenUp);
}

fn pack(
    world: &World,
    state: &State,
    environment: Uuid,
    only_to: Option<&str>,
    sender: Sender,
    body: String,
    mut headers: HeaderMap,
) -> Option<Parcel> {
    let environment = world.environment(environment)?;
    let key = match sender {
        Sender::Server => environment.signing_key(),
        Sender::Jobs => environment.jobs_signing_key(state.clock.now()),
    };
    let hmac = hmac_signature(key, body.as_bytes());
    let legacy = legacy_signature(key, body.as_bytes());
    for (name, value) in [
        ("accept", "application/json, text/plain, */*"),
        ("content-type", "application/json"),
        ("user-agent", USER_AGENT),
        ("x-nango-signature", legacy.as_str()),
        ("x-nango-hmac-sha256", hmac.as_str()),
    ] {
        headers.insert(name, value.parse().ok()?);
    }
    let urls = only_to.map_or_else(|| environment.webhook_urls.clone(), |url| vec![url.to_owned()]);
    Some(Parcel { environment: environment.name.clone(), urls, body, headers, hmac })
}

fn settings(state: &State, environment: Uuid) -> WebhookSettings {
    state.world().environment(environment).map(|environment| environment.settings).unwrap_or_default()
}

fn auth_body(
    state: &State,
    environment: Uuid,
    operation: Operation,
    (integration, provider): (&str, &str),
    connection_id: &str,
) -> Value {
    let name = state.world().environment(environment).map(|environment| environment.name.clone());
    let operation = match operation {
        Operation::Creation => "creation",
        Operation::Override => "override",
        Operation::Refresh => "refresh",
    };
    json!({
        "from": "nango",
        "type": "auth",
        "operation": operation,
        "authMode": "OAUTH2",
        "connectionId": connection_id,
        "providerConfigKey": integration,
        "provider": provider,
        "environment": name,
    })
}

fn end_user_body(end_user: &EndUser) -> Value {
    let mut body = json!({
        "endUserId": end_user.id,
        "endUserEmail": end_user.email,
        "tags": end_user.tags.clone().unwrap_or_default(),
    });
    if let Some((organization, _)) = &end_user.organization {
        body["organizationId"] = json!(organization);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hmac_is_that_of_rfc_4231() {
        let signature = hmac_signature("Jefe", b"what do ya want for nothing?");
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn the_legacy_signature_is_the_hash_of_key_and_body() {
        // SHA-256 of "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(legacy_signature("a", b"bc"), expected);
    }

    #[test]
    fn bodies_are_compact_sorted_and_not_escaped() {
        let body = json!({ "b": [ { "d": 1, "c": "Zoë \"x\"" } ], "a": null });
        assert_eq!(compact(&body), "{\"a\":null,\"b\":[{\"c\":\"Zoë \\\"x\\\"\",\"d\":1}]}");
    }
}
