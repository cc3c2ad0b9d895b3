//! `POST /webhook/{environment}/{integration}`: what a provider tells Nango, forwarded to the product.

use actix_web::web::{self, Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Answer, Shared};
use crate::hex;
use crate::nango::error::ApiError;
use crate::nango::webhooks::{self, Sender};

/// Headers of the provider that do not come along.
const LEFT_OUT: [&str; 9] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "transfer-encoding",
    "user-agent",
];

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/webhook/{environment}/{integration}", web::post().to(receive));
}

async fn receive(state: Shared, path: Path<(Uuid, String)>, request: HttpRequest, body: Bytes) -> Answer {
    let (environment, key) = path.into_inner();
    let (provider, matched) = {
        let world = state.world();
        let integration = world.integration(environment, &key);
        let integration =
            integration.ok_or_else(|| ApiError::because(404, "not_found", "There is no such integration"))?;
        let hash = serde_json::from_slice::<Value>(&body).ok().and_then(|payload| hash_of_mailbox(&payload));
        let matched: Vec<(String, Option<String>)> = world
            .of_environment(environment)
            .filter(|connection| connection.integration == key)
            .filter(|connection| {
                let own = connection.config.get("emailAddressHash").and_then(Value::as_str);
                own.is_some() && own == hash.as_deref()
            })
            .map(|connection| (connection.connection_id.clone(), connection.webhook_url.clone()))
            .collect();
        (integration.provider.clone(), matched)
    };
    let headers = forwarded(&request);
    if matched.is_empty() {
        let raw = String::from_utf8_lossy(&body).into_owned();
        webhooks::send_raw(&state, environment, None, Sender::Server, raw, headers);
    } else {
        let payload: Value = serde_json::from_slice(&body).unwrap_or_default();
        for (connection_id, only_to) in matched {
            let letter = webhooks::compact(&json!({
                "from": provider,
                "type": "forward",
                "providerConfigKey": key,
                "connectionId": connection_id,
                "payload": payload,
            }));
            webhooks::send_raw(&state, environment, only_to.as_deref(), Sender::Server, letter, headers.clone());
        }
    }
    Ok(HttpResponse::Ok().json(json!({ "status": "success" })))
}

/// The hash of the mailbox that a Gmail notice is about.
fn hash_of_mailbox(payload: &Value) -> Option<String> {
    let data = BASE64_STANDARD.decode(payload["message"]["data"].as_str()?).ok()?;
    let notice: Value = serde_json::from_slice(&data).ok()?;
    let address = notice["emailAddress"].as_str()?.to_lowercase();
    Some(hex::encode(Sha256::digest(address.as_bytes())))
}

fn forwarded(request: &HttpRequest) -> HeaderMap {
    let kept = request.headers().iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    kept.filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    })
    .collect()
}
