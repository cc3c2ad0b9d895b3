//! What Nango's webhooks say.

use std::collections::BTreeMap;

use cortex_connections::model::{BrokerReference, Webhook, WebhookEvent};
use cortex_connections::ports::{WebhookAuthenticity, WebhookReader};
use cortex_kernel::{BrokerConnectionId, Provider};
use serde_json::Value;

use crate::claims::{EndUser, claims_of, text};
use crate::webhook_signature::WebhookSignature;

/// Reads webhooks of Nango, in its present form and in the older one.
///
/// A webhook of a provider for which Nango finds no connection is passed on as it came, signed like Nango's own. So also
/// a signed body may be anything, and may pretend to be one of Nango's.
#[derive(Clone, Debug)]
pub struct NangoWebhookReader {
    providers: BTreeMap<String, Provider>,
}

impl NangoWebhookReader {
    /// Reads webhooks about the providers in `integrations`, which has Nango's unique key of each.
    #[must_use]
    pub fn new(integrations: &BTreeMap<Provider, String>) -> Self {
        Self { providers: integrations.iter().map(|(provider, key)| (key.clone(), *provider)).collect() }
    }

    fn connection(&self, body: &Value) -> Option<BrokerReference> {
        let provider = *self.providers.get(body["providerConfigKey"].as_str()?)?;
        let id = text(&body["connectionId"]).filter(|id| may_be_an_id(id))?;
        Some(BrokerReference { provider, id: BrokerConnectionId::new(id) })
    }
}

impl WebhookReader for NangoWebhookReader {
    fn read(&self, body: &[u8]) -> Webhook {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let event = event_of(&body);
        // Of a kind that we do not know, whose it is matters all the same: another company's is not ours to keep.
        let connection = if event == WebhookEvent::Unknown { None } else { self.connection(&body) };
        let end_user = &body["endUser"];
        let end_user = EndUser {
            id: &end_user["endUserId"],
            email: &end_user["endUserEmail"],
            organization: &end_user["organizationId"],
        };
        Webhook { event, connection, claims: claims_of(&body["tags"], &end_user) }
    }
}

impl WebhookAuthenticity for WebhookSignature {
    fn is_authentic(&self, body: &[u8], signature: &str) -> bool {
        self.holds(body, signature)
    }
}

/// Nango makes UUIDs; imported connections may be called otherwise, within what fits a column of Nango's own.
fn may_be_an_id(text: &str) -> bool {
    text.len() <= 255 && !text.contains(char::is_control)
}

/// A failed `creation` may be a reconnect that somebody gave up, with the id of the connection that goes on.
fn event_of(body: &Value) -> WebhookEvent {
    let word = |name: &str| body[name].as_str().unwrap_or_default();
    match (word("type"), word("operation"), body["success"].as_bool()) {
        ("auth", "creation" | "override", Some(true)) => WebhookEvent::Connected,
        ("auth", "creation" | "override", Some(false)) => WebhookEvent::ConnectFailed,
        ("auth", "refresh", Some(false)) => WebhookEvent::RefreshFailed,
        ("sync", _, Some(true)) => WebhookEvent::Fetched,
        ("sync", _, Some(false)) => WebhookEvent::FetchFailed,
        _ => WebhookEvent::Unknown,
    }
}
