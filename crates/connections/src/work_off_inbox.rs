//! From the inbox to what webhooks lead to.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, Origin, StoreError};

use crate::adopt_connection::{AdoptConnection, AdoptError, Adoption, ConnectionNotice, IDENTITY_PATIENCE, request_of};
use crate::log::chain;
use crate::model::{BrokerReference, ClaimedWebhook, OwnerClaims, Webhook, WebhookEnding, WebhookEvent};
use crate::ports::{BrokerError, WebhookInbox, WebhookReader};

/// Works off the inbox, one webhook at a time. Several may do so at once, here and elsewhere.
pub struct WorkOffInbox {
    company_id: CompanyId,
    inbox: Arc<dyn WebhookInbox>,
    reader: Arc<dyn WebhookReader>,
    adopt: AdoptConnection,
}

/// What a tick found to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// It worked off a webhook; there may be more.
    Worked,
    /// No webhook is due.
    Idle,
}

/// How long a webhook stays with a worker that does not come back. One that is only slow may lose it too: then two work
/// it off, and whoever comes second finds everything done.
const HOLD: Duration = Duration::from_secs(30);

/// Tries that a webhook gets which fails by itself, and not by what is away.
const MOST_ATTEMPTS: u32 = 10;

/// How long a connection may take to show at the broker that told us of it.
const APPEARANCE_PATIENCE: Duration = Duration::from_mins(10);

const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_SNOOZE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

const NOT_THERE: &str = "the broker has no such connection";

impl WorkOffInbox {
    /// Works off the inbox of `company_id`, the company of this deployment.
    #[must_use]
    pub fn new(
        company_id: CompanyId,
        inbox: Arc<dyn WebhookInbox>,
        reader: Arc<dyn WebhookReader>,
        adopt: AdoptConnection,
    ) -> Self {
        Self { company_id, inbox, reader, adopt }
    }

    /// Works off the webhook that has been due longest. An error means that the inbox could not be asked; whatever goes
    /// wrong with the webhook itself is written down there.
    pub async fn tick(&self) -> Result<Tick, StoreError> {
        let Some(claimed) = self.inbox.claim_next(self.company_id, HOLD).await? else { return Ok(Tick::Idle) };
        let ending = self.work_off(&claimed).await;
        if !self.inbox.finish(self.company_id, claimed.claim, &ending).await? {
            tracing::warn!("webhook {} took longer than it was held for", claimed.claim.webhook);
        }
        Ok(Tick::Worked)
    }

    async fn work_off(&self, claimed: &ClaimedWebhook) -> WebhookEnding {
        if claimed.attempt > MOST_ATTEMPTS {
            return WebhookEnding::Dead { error: "whoever tried it never came to an end".to_owned() };
        }
        let Webhook { event, connection, claims } = self.reader.read(&claimed.body);
        let origin = Origin { request_id: claimed.request_id.clone(), ..Origin::default() };
        match (event, connection) {
            (WebhookEvent::Connected, Some(reference)) => self.connected(claimed, reference, claims, origin).await,
            (WebhookEvent::ConnectFailed, Some(reference)) => self.not_connected(&reference, &origin),
            // What these lead to is not there yet.
            (WebhookEvent::RefreshFailed | WebhookEvent::SyncEnded, Some(_)) => {
                self.ignored(claimed, "nothing follows from its kind yet")
            }
            (WebhookEvent::Unknown, _) => self.ignored(claimed, "its kind is not known"),
            (_, None) => self.ignored(claimed, "it names no connection of a provider that is switched on"),
        }
    }

    /// The id may be that of a connection that lives, and nothing tells who tried: nothing follows.
    fn not_connected(&self, reference: &BrokerReference, origin: &Origin) -> WebhookEnding {
        let BrokerReference { provider, id } = reference;
        let request = request_of(origin);
        tracing::warn!(
            "❌ [WEBHOOK_AUTH] provider {provider}, connection {id}, company {}, request {request}: somebody did not get \
             through to the provider; nothing changes",
            self.company_id
        );
        WebhookEnding::Done
    }

    fn ignored(&self, claimed: &ClaimedWebhook, note: &str) -> WebhookEnding {
        let request = claimed.request_id.as_deref().unwrap_or("-");
        tracing::info!(
            "webhook {} of company {}, request {request}, is ignored: {note}",
            claimed.claim.webhook,
            self.company_id
        );
        WebhookEnding::Ignored { note: note.to_owned() }
    }

    async fn connected(
        &self,
        claimed: &ClaimedWebhook,
        reference: BrokerReference,
        claims: OwnerClaims,
        origin: Origin,
    ) -> WebhookEnding {
        let notice = ConnectionNotice { reference, claims, age: claimed.age, origin };
        let about = format!(
            "provider {}, connection {}, company {}, request {}",
            notice.reference.provider,
            notice.reference.id,
            self.company_id,
            request_of(&notice.origin)
        );
        tracing::info!("[WEBHOOK_AUTH] {about}: working off webhook {}", claimed.claim.webhook);
        match self.adopt.adopt(&notice).await {
            Ok(Adoption::Gone) if claimed.age < APPEARANCE_PATIENCE => {
                tracing::info!("[WEBHOOK_AUTH] {about}: the broker does not show the connection yet");
                WebhookEnding::Snoozed { error: NOT_THERE.to_owned(), after: snooze_of(claimed) }
            }
            Ok(adoption) => ending_of(&adoption, &about),
            Err(error) => {
                tracing::error!("❌ [WEBHOOK_AUTH] {about}: {}", chain(&error));
                after_failure(&error, claimed)
            }
        }
    }
}

fn ending_of(adoption: &Adoption, about: &str) -> WebhookEnding {
    match adoption {
        Adoption::Adopted(connection) => {
            tracing::info!(
                "✅ [WEBHOOK_AUTH] SUCCESS: {about}, user {}: connection {}",
                connection.owner.user_id,
                connection.id
            );
            WebhookEnding::Done
        }
        Adoption::Refused(reason) => {
            tracing::warn!("❌ [WEBHOOK_AUTH] {about}: refused, {}", reason.name());
            WebhookEnding::Done
        }
        Adoption::Quarantined(reason) => {
            tracing::warn!("❌ [WEBHOOK_AUTH] {about}: quarantined, {}", reason.name());
            WebhookEnding::Done
        }
        Adoption::AnotherCompanys => {
            tracing::info!("[WEBHOOK_AUTH] another company's webhook, removed");
            WebhookEnding::Removed
        }
        Adoption::Gone => {
            tracing::info!("[WEBHOOK_AUTH] {about}: {NOT_THERE}");
            WebhookEnding::Ignored { note: NOT_THERE.to_owned() }
        }
        Adoption::Ended => {
            tracing::info!("[WEBHOOK_AUTH] {about}: it was disconnected before");
            WebhookEnding::Ignored { note: "it was disconnected before".to_owned() }
        }
    }
}

fn after_failure(failure: &AdoptError, claimed: &ClaimedWebhook) -> WebhookEnding {
    let error = chain(failure);
    let snooze = snooze_of(claimed);
    match failure {
        AdoptError::Missing(_) => WebhookEnding::Dead { error },
        AdoptError::Broker(BrokerError::Throttled { retry_after }) => {
            WebhookEnding::Snoozed { error, after: retry_after.unwrap_or(snooze).clamp(SHORTEST_PAUSE, LONGEST_PAUSE) }
        }
        AdoptError::Broker(BrokerError::Unavailable(_) | BrokerError::Unauthorised(_)) => {
            WebhookEnding::Snoozed { error, after: snooze }
        }
        // By then only a second connection waits, and the first one goes on: nobody misses anything.
        AdoptError::AccountUnreadable(_) => {
            let longest = if claimed.age < IDENTITY_PATIENCE { LONGEST_SNOOZE } else { LONGEST_PAUSE };
            WebhookEnding::Snoozed { error, after: (claimed.age / 4).clamp(SHORTEST_PAUSE, longest) }
        }
        AdoptError::Store(store) if store.is_transient() => WebhookEnding::Snoozed { error, after: snooze },
        AdoptError::Broker(BrokerError::BadAnswer(_)) | AdoptError::Store(_) | AdoptError::Contended => {
            if claimed.attempt >= MOST_ATTEMPTS {
                return WebhookEnding::Dead { error };
            }
            let doublings = claimed.attempt.saturating_sub(1);
            WebhookEnding::Retried { error, after: (SHORTEST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE) }
        }
    }
}

/// The older, the longer: what lasts is asked about less and less often.
fn snooze_of(claimed: &ClaimedWebhook) -> Duration {
    (claimed.age / 4).clamp(SHORTEST_PAUSE, LONGEST_SNOOZE)
}

#[cfg(test)]
mod tests;
