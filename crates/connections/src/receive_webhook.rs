//! From the bytes of a webhook to the inbox.

use std::sync::Arc;

use cortex_kernel::{CompanyId, Origin, StoreError};
use thiserror::Error;

use crate::log::{About, chain};
use crate::model::{NewWebhook, PutOutcome, WebhookEvent};
use crate::ports::{WebhookAuthenticity, WebhookInbox, WebhookReader};

/// Takes webhooks in.
///
/// Of an authentic one no more is believed than whose it is: another company's is accepted, so that nobody sends it
/// again, and not stored. Everything else waits in the inbox for [`WorkOffInbox`](crate::WorkOffInbox).
pub struct ReceiveWebhook {
    company_id: CompanyId,
    authenticity: Arc<dyn WebhookAuthenticity>,
    reader: Arc<dyn WebhookReader>,
    inbox: Arc<dyn WebhookInbox>,
}

/// What the sender is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceivedWebhook {
    /// It is safe with us, or none of our business.
    Accepted,
    /// It is not from our broker.
    NotAuthentic,
}

/// An authentic webhook could not be kept: the sender must send it again.
#[derive(Debug, Error)]
pub enum ReceiveWebhookError {
    /// The inbox did not take it.
    #[error("the webhook could not be stored")]
    Store(#[from] StoreError),
}

impl ReceiveWebhook {
    /// Takes webhooks in for `company_id`, the company of this deployment.
    #[must_use]
    pub fn new(
        company_id: CompanyId,
        authenticity: Arc<dyn WebhookAuthenticity>,
        reader: Arc<dyn WebhookReader>,
        inbox: Arc<dyn WebhookInbox>,
    ) -> Self {
        Self { company_id, authenticity, reader, inbox }
    }

    /// Takes in the `body` as it came, with the value of its signature header. Success means that it need not be sent
    /// again.
    pub async fn receive(
        &self,
        body: &[u8],
        signature: Option<&str>,
        request_id: Option<&str>,
    ) -> Result<ReceivedWebhook, ReceiveWebhookError> {
        let origin = Origin { request_id: request_id.map(ToOwned::to_owned), ..Origin::default() };
        let about = About::company(self.company_id, &origin);
        let is_authentic = signature.is_some_and(|signature| self.authenticity.is_authentic(body, signature));
        if !is_authentic {
            tracing::warn!("❌ [WEBHOOK_AUTH] {about}: the signature does not hold, the webhook is refused");
            return Ok(ReceivedWebhook::NotAuthentic);
        }
        let webhook = self.reader.read(body);
        if webhook.claims.name_another_company_than(self.company_id) {
            tracing::info!("[WEBHOOK_AUTH] {about}: another company's webhook, not stored");
            return Ok(ReceivedWebhook::Accepted);
        }
        let about = About {
            user: webhook.claims.user(),
            provider: webhook.connection.as_ref().map(|connection| connection.provider),
            connection: webhook.connection.as_ref().map(|connection| &connection.id),
            ..about
        };
        let new = NewWebhook {
            company_id: self.company_id,
            body: body.to_vec(),
            request_id: request_id.map(ToOwned::to_owned),
        };
        let stored = match self.inbox.put(&new).await {
            Ok(PutOutcome::Stored) => "stored",
            Ok(PutOutcome::AlreadyPending) => "an equal one waits already",
            Err(error) => {
                let error = ReceiveWebhookError::from(error);
                tracing::error!("❌ [WEBHOOK_AUTH] {about}: {}", chain(&error));
                return Err(error);
            }
        };
        tracing::info!("[WEBHOOK_AUTH] {about}: received, {}: {stored}", name(webhook.event));
        Ok(ReceivedWebhook::Accepted)
    }
}

fn name(event: WebhookEvent) -> &'static str {
    match event {
        WebhookEvent::Connected => "connected",
        WebhookEvent::ConnectFailed => "connect failed",
        WebhookEvent::RefreshFailed => "refresh failed",
        WebhookEvent::Fetched => "fetched",
        WebhookEvent::FetchFailed => "fetch failed",
        WebhookEvent::Unknown => "unknown kind",
    }
}

#[cfg(test)]
mod tests;
