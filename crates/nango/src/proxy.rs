//! What calls through Nango's proxy have in common.
//!
//! The proxy passes on what the provider answers, errors too, and answers in its own name as well. A refusal counts as
//! Nango's only where it is one of Nango's own.

use std::collections::BTreeMap;

use cortex_kernel::{BrokerConnectionId, Provider};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::answer::Answer;
use crate::brokered_connections::no_id;
use crate::error::NangoError;

/// Calls to providers with the credentials of connections.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    integrations: BTreeMap<Provider, String>,
}

/// Whose refusal it is.
pub(crate) enum Refusal {
    /// Nango's own.
    Nango(NangoError),
    /// The provider's, or Nango's for want of a token that works.
    Provider(Answer),
}

impl Proxy {
    /// Of the providers in `integrations`, which has Nango's unique key of each.
    pub(crate) const fn new(integrations: BTreeMap<Provider, String>) -> Self {
        Self { integrations }
    }

    /// By which connection the provider is called, and what it is to answer with.
    pub(crate) fn headers(
        &self,
        provider: Provider,
        broker_id: &BrokerConnectionId,
        accept: &'static str,
    ) -> Result<HeaderMap, NangoError> {
        let key = self.integrations.get(&provider).ok_or(NangoError::SwitchedOff(provider))?;
        let value = |text: &str| HeaderValue::from_str(text).map_err(|_| no_id());
        Ok(HeaderMap::from_iter([
            (HeaderName::from_static("provider-config-key"), value(key)?),
            (HeaderName::from_static("connection-id"), value(broker_id.as_str())?),
            (HeaderName::from_static("nango-proxy-accept"), HeaderValue::from_static(accept)),
        ]))
    }

    /// Tells Nango's own refusals from the provider's.
    pub(crate) fn refused(&self, provider: Provider, answer: Answer) -> Refusal {
        let complaint = answer.complaint();
        let says = |codes: &[&str]| codes.iter().any(|code| complaint.is_code(code));
        let is_nangos = match answer.status {
            StatusCode::UNAUTHORIZED => says(&["unknown_account", "missing_auth_header", "invalid_secret_key_format"]),
            StatusCode::FORBIDDEN => says(&["forbidden"]),
            StatusCode::TOO_MANY_REQUESTS => says(&["too_many_request"]),
            StatusCode::NOT_FOUND if says(&["unknown_provider_config"]) => {
                let key = self.integrations.get(&provider).cloned().unwrap_or_default();
                return Refusal::Nango(NangoError::NoIntegration { provider, key });
            }
            status if status.is_server_error() => says(&["server_error", "generic_error_support"]),
            _ => false,
        };
        if is_nangos { Refusal::Nango(answer.into_refusal()) } else { Refusal::Provider(answer) }
    }
}
