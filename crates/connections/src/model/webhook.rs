//! What the broker announces, and how an announcement waits for being worked off.

use std::fmt;
use std::time::Duration;

use cortex_kernel::CompanyId;
use time::OffsetDateTime;

use super::{BrokerReference, OwnerClaims};

/// What a webhook says. Webhooks carry no time, and one that was caught on its way can be sent again: this is a hint,
/// and the broker is asked before anything changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// What happened.
    pub event: WebhookEvent,
    /// To which connection; none where it names none of a provider that is switched on.
    pub connection: Option<BrokerReference>,
    /// Whose connection that is.
    pub claims: OwnerClaims,
}

/// What happened at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookEvent {
    /// An account was connected, or connected again under the same id.
    Connected,
    /// Somebody tried to connect an account and did not get through. The id may be that of a connection that lives.
    ConnectFailed,
    /// The broker could not renew the credentials of a connection.
    RefreshFailed,
    /// The broker fetched from the provider, and something may be there to be read.
    Fetched,
    /// The broker could not fetch from the provider.
    FetchFailed,
    /// Something that we do not know.
    Unknown,
}

/// An authentic webhook, about to be stored. Its body is personal data: `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// The company whose deployment received it.
    pub company_id: CompanyId,
    /// The bytes as they came.
    pub body: Vec<u8>,
    /// The request that brought it.
    pub request_id: Option<String>,
}

/// What became of a webhook that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is stored.
    Stored,
    /// An equal one waits already.
    AlreadyPending,
}

/// A stored webhook, taken by one worker.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimedWebhook {
    /// The right to end it.
    pub claim: WebhookClaim,
    /// The bytes as they came.
    pub body: Vec<u8>,
    /// The request that brought it.
    pub request_id: Option<String>,
    /// How often it was tried, this time included; tries that ended in a snooze do not count.
    pub attempt: u32,
    /// How long ago it came.
    pub age: Duration,
}

/// The right to end a webhook. It ends at a moment that no other claim of the same webhook ends at, and so tells a late
/// worker from the one that took over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WebhookClaim {
    /// The number of the webhook in the inbox.
    pub webhook: i64,
    /// Until when it is held, by the database's clock.
    pub until: OffsetDateTime,
}

/// How a claim ends. Texts are for operators: error chains, never a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookEnding {
    /// It was worked off.
    Done,
    /// There was nothing to do.
    Ignored {
        /// Why.
        note: String,
    },
    /// It is another company's and leaves nothing behind.
    Removed,
    /// It failed and will be tried again.
    Retried {
        /// What went wrong.
        error: String,
        /// When to try again.
        after: Duration,
    },
    /// It has to wait for something that is not its fault, and will be tried again; this try does not count.
    Snoozed {
        /// What it waits for.
        error: String,
        /// When to try again.
        after: Duration,
    },
    /// It is given up, until an operator looks.
    Dead {
        /// What went wrong.
        error: String,
    },
}

impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhook")
            .field("company_id", &self.company_id)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ClaimedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimedWebhook")
            .field("claim", &self.claim)
            .field("request_id", &self.request_id)
            .field("attempt", &self.attempt)
            .field("age", &self.age)
            .finish_non_exhaustive()
    }
}
