//! What got stuck, as those see it who look after a company: nothing of what is in it.

use std::str::FromStr;

use cortex_kernel::{AdminSessionId, BrokerConnectionId, CompanyId, Origin, Provider};
use thiserror::Error;
use time::OffsetDateTime;

/// Where a webhook of the inbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookState {
    /// It waits, or is being worked on.
    Pending,
    /// It was worked off.
    Done,
    /// There was nothing to do.
    Ignored,
    /// It was given up.
    Dead,
}

/// The text names no state of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown state: expected pending, done, ignored or dead")]
pub struct UnknownWebhookState;

/// A webhook of the inbox without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxEntry {
    /// Its number.
    pub id: i64,
    /// Where it stands.
    pub state: WebhookState,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong last, or why it was ignored: our own words.
    pub note: Option<String>,
    /// The request that brought it.
    pub request_id: Option<String>,
    /// When it came.
    pub received_at: OffsetDateTime,
    /// When it was done with.
    pub ended_at: Option<OffsetDateTime>,
}

/// A dead webhook is to be worked off once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Of which company.
    pub company_id: CompanyId,
    /// Its number.
    pub id: i64,
    /// Who wants it.
    pub session_id: AdminSessionId,
    /// The request, for the audit row.
    pub origin: Origin,
}

/// What became of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// It waits again.
    Replayed,
    /// There is no such webhook.
    NotFound,
    /// It is not dead.
    NotDead,
    /// An equal one waits already.
    AlreadyPending,
}

/// A connection that nobody may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptInQuarantine {
    /// Its number.
    pub id: i64,
    /// Of which provider.
    pub provider: Provider,
    /// The broker's id of it.
    pub broker_id: BrokerConnectionId,
    /// The person that it claims, as it was told.
    pub claimed_user_id: Option<String>,
    /// Why it may not be used.
    pub reason: String,
    /// When it was found.
    pub created_at: OffsetDateTime,
}

impl WebhookState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Done, Self::Ignored, Self::Dead];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Dead => "dead",
        }
    }
}

impl FromStr for WebhookState {
    type Err = UnknownWebhookState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(UnknownWebhookState)
    }
}
