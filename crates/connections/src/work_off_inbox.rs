//! From the inbox to what webhooks lead to.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, Origin, StoreError};

use crate::adopt_connection::{AdoptConnection, AdoptError, Adoption, ConnectionNotice, IDENTITY_PATIENCE};
use crate::check_connection::{CheckConnection, Checked};
use crate::log::{About, chain};
use crate::model::{BrokerReference, ClaimedWebhook, Connection, Fetch, Webhook, WebhookEnding, WebhookEvent};
use crate::ports::{
    AccountReading, BrokerError, ConnectionHealth, Members, ReadCause, ReadOutcome, WebhookInbox, WebhookReader,
};

/// Works off the inbox, one webhook at a time. Several may do so at once, here and elsewhere.
pub struct WorkOffInbox {
    company_id: CompanyId,
    ports: InboxPorts,
    adopt: Arc<AdoptConnection>,
    check: CheckConnection,
    hold: Duration,
}

/// What [`WorkOffInbox`] stands on.
#[derive(Clone)]
pub struct InboxPorts {
    /// Webhooks that wait.
    pub inbox: Arc<dyn WebhookInbox>,
    /// What they say.
    pub reader: Arc<dyn WebhookReader>,
    /// How connections fare.
    pub health: Arc<dyn ConnectionHealth>,
    /// Whose connections are read.
    pub members: Arc<dyn Members>,
    /// Has them read.
    pub reading: Arc<dyn AccountReading>,
}

/// What a tick found to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// It did something; there may be more.
    Worked,
    /// Nothing is due.
    Idle,
}

/// Calls of the broker that a webhook commonly leads to, at most. One that leads to more may be worked off by two at
/// once: whoever comes second finds everything done.
const CALLS: u32 = 5;

/// How long a webhook stays at least with a worker that does not come back.
const SHORTEST_HOLD: Duration = Duration::from_secs(30);

/// Tries that a webhook gets which fails by itself, and not by what is away.
const MOST_ATTEMPTS: u32 = 10;

/// How long a connection may take to show, at the broker that told us of it or with us: one webhook may overtake another.
const APPEARANCE_PATIENCE: Duration = Duration::from_mins(10);

const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_SNOOZE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

const NOT_THERE: &str = "the broker has no such connection";
const NOT_OURS: &str = "no connection of ours has this id";

impl WorkOffInbox {
    /// Works off the inbox of `company_id`, the company of this deployment. A call of the broker takes no longer than
    /// `call_timeout`.
    #[must_use]
    pub fn new(
        company_id: CompanyId,
        ports: InboxPorts,
        adopt: Arc<AdoptConnection>,
        check: CheckConnection,
        call_timeout: Duration,
    ) -> Self {
        let hold = (call_timeout * CALLS).max(SHORTEST_HOLD);
        Self { company_id, ports, adopt, check, hold }
    }

    /// Works off the webhook that has been due longest. An error means that the inbox could not be asked; whatever goes
    /// wrong with the webhook itself is written down there.
    pub async fn tick(&self) -> Result<Tick, StoreError> {
        let Some(claimed) = self.ports.inbox.claim_next(self.company_id, self.hold).await? else {
            return Ok(Tick::Idle);
        };
        let ending = self.work_off(&claimed).await;
        if !self.ports.inbox.finish(self.company_id, claimed.claim, &ending).await? {
            tracing::warn!("webhook {} took longer than it was held for", claimed.claim.webhook);
        }
        Ok(Tick::Worked)
    }

    async fn work_off(&self, claimed: &ClaimedWebhook) -> WebhookEnding {
        let Webhook { event, connection, claims } = self.ports.reader.read(&claimed.body);
        let origin = Origin { request_id: claimed.request_id.clone(), ..Origin::default() };
        let about = About {
            user: claims.user(),
            provider: connection.as_ref().map(|connection| connection.provider),
            connection: connection.as_ref().map(|connection| &connection.id),
            ..About::company(self.company_id, &origin)
        };
        if claimed.attempt > MOST_ATTEMPTS {
            tracing::error!("❌ [WEBHOOK_AUTH] {about}: given up, whoever tried it never came to an end");
            return WebhookEnding::Dead { error: "whoever tried it never came to an end".to_owned() };
        }
        tracing::info!("[WEBHOOK_AUTH] {about}: working off webhook {}", claimed.claim.webhook);
        match (event, &connection) {
            (WebhookEvent::Connected, Some(reference)) => {
                let notice =
                    ConnectionNotice { reference: reference.clone(), claims, age: claimed.age, origin: origin.clone() };
                self.connected(claimed, &notice, about).await
            }
            (WebhookEvent::ConnectFailed, Some(_)) => {
                // The id may be that of a connection that lives, and nothing tells who tried.
                tracing::warn!(
                    "❌ [WEBHOOK_AUTH] {about}: somebody did not get through to the provider; nothing changes"
                );
                WebhookEnding::Done
            }
            (WebhookEvent::RefreshFailed | WebhookEvent::Fetched | WebhookEvent::FetchFailed, Some(reference)) => {
                self.told_of_ours(claimed, event, reference, &origin, about).await
            }
            (WebhookEvent::Unknown, _) => ignored(about, "its kind is not known"),
            (_, None) => ignored(about, "it names no connection of a provider that is switched on"),
        }
    }

    async fn connected(&self, claimed: &ClaimedWebhook, notice: &ConnectionNotice, about: About<'_>) -> WebhookEnding {
        match self.adopt.adopt(notice).await {
            Ok(Adoption::Gone) if claimed.age < APPEARANCE_PATIENCE => {
                tracing::info!("[WEBHOOK_AUTH] {about}: the broker does not show the connection yet");
                WebhookEnding::Snoozed { error: NOT_THERE.to_owned(), after: snooze_of(claimed) }
            }
            Ok(adoption) => ending_of(&adoption, about),
            Err(error) => {
                tracing::error!("❌ [WEBHOOK_AUTH] {about}: {}", chain(&error));
                after_failure(&error, claimed)
            }
        }
    }

    /// Something happened to a connection that should be one of ours. It is looked at before anything is believed.
    async fn told_of_ours(
        &self,
        claimed: &ClaimedWebhook,
        event: WebhookEvent,
        reference: &BrokerReference,
        origin: &Origin,
        about: About<'_>,
    ) -> WebhookEnding {
        let followed = match self.check.check(reference, origin).await {
            Ok(Checked::Unknown) if claimed.age < APPEARANCE_PATIENCE => {
                tracing::info!("[WEBHOOK_AUTH] {about}: {NOT_OURS} yet");
                return WebhookEnding::Snoozed { error: NOT_OURS.to_owned(), after: snooze_of(claimed) };
            }
            Ok(Checked::Unknown) => return ignored(about, NOT_OURS),
            Ok(Checked::Nobodys) => return ignored(about, "it is known to be nobody's"),
            Ok(Checked::AnotherCompanys) => return another_companys(self.company_id, origin),
            Ok(Checked::Ended(_)) => return ignored(about, "it was disconnected before"),
            Ok(Checked::Lost(row, reason)) => {
                let about = About { user: Some(row.owner.user_id), ..about };
                tracing::warn!("❌ [WEBHOOK_AUTH] {about}: it has to be connected again, {}", reason.name());
                return WebhookEnding::Done;
            }
            Ok(Checked::Healthy(row)) => {
                let about = About { user: Some(row.owner.user_id), ..about };
                self.follow(event, &row, origin, about).await
            }
            Err(error) => Err(error.into()),
        };
        followed.unwrap_or_else(|error| {
            tracing::error!("❌ [WEBHOOK_AUTH] {about}: {}", chain(&error));
            after_failure(&error, claimed)
        })
    }

    /// What follows for a connection of ours that the broker reads as healthy.
    async fn follow(
        &self,
        event: WebhookEvent,
        row: &Connection,
        origin: &Origin,
        about: About<'_>,
    ) -> Result<WebhookEnding, AdoptError> {
        match event {
            WebhookEvent::FetchFailed => {
                self.ports.health.note_fetch(row, Fetch::Failed).await?;
                tracing::warn!("❌ [WEBHOOK_AUTH] {about}: Nango could not fetch from the provider");
                Ok(WebhookEnding::Done)
            }
            WebhookEvent::Fetched => {
                self.ports.health.note_fetch(row, Fetch::Done).await?;
                if self.ports.members.find_active(self.company_id, row.owner.user_id).await?.is_none() {
                    return Ok(ignored(about, "its owner is no active member"));
                }
                match self.ports.reading.have_read(row, ReadCause::Fetched, origin).await? {
                    ReadOutcome::Wanted => {
                        tracing::info!("✅ [WEBHOOK_AUTH] SUCCESS: {about}: connection {} will be read", row.id);
                        Ok(WebhookEnding::Done)
                    }
                    ReadOutcome::NotBegun => Ok(ignored(about, "its initial sync was never started: the hint is kept")),
                    ReadOutcome::NotReadable => Ok(ignored(about, "it cannot be read as it stands")),
                }
            }
            WebhookEvent::RefreshFailed
            | WebhookEvent::Connected
            | WebhookEvent::ConnectFailed
            | WebhookEvent::Unknown => {
                tracing::info!("[WEBHOOK_AUTH] {about}: the broker reads it as healthy; nothing changes");
                Ok(WebhookEnding::Done)
            }
        }
    }
}

fn ignored(about: About<'_>, note: &str) -> WebhookEnding {
    tracing::info!("[WEBHOOK_AUTH] {about}: ignored, {note}");
    WebhookEnding::Ignored { note: note.to_owned() }
}

/// Nothing of it is logged but that it came.
fn another_companys(company_id: CompanyId, origin: &Origin) -> WebhookEnding {
    tracing::info!("[WEBHOOK_AUTH] {}: another company's webhook, removed", About::company(company_id, origin));
    WebhookEnding::Removed
}

fn ending_of(adoption: &Adoption, about: About<'_>) -> WebhookEnding {
    match adoption {
        Adoption::Adopted(connection) => {
            let about = About { user: Some(connection.owner.user_id), ..about };
            tracing::info!("✅ [WEBHOOK_AUTH] SUCCESS: {about}: connection {}", connection.id);
            WebhookEnding::Done
        }
        Adoption::Lost(connection, reason) => {
            let about = About { user: Some(connection.owner.user_id), ..about };
            tracing::warn!("❌ [WEBHOOK_AUTH] {about}: it has to be connected again, {}", reason.name());
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
            let origin = Origin { request_id: about.request.map(ToOwned::to_owned), ..Origin::default() };
            another_companys(about.company, &origin)
        }
        Adoption::Gone => ignored(about, NOT_THERE),
        Adoption::Ended => ignored(about, "it was given up before"),
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
