//! A connection that somebody owns.

use std::str::FromStr;

use cortex_kernel::{BrokerConnectionId, ConnectionId, Provider};
use thiserror::Error;
use time::OffsetDateTime;

use super::{BrokerReference, ConnectionStatus, Owner, ProviderAccount, StatusReason};

/// An account of a provider that a person connected. A person has at most one a provider; rows from before connections
/// had an owner are none of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Our own number of it; it survives reconnects.
    pub id: ConnectionId,
    /// Whose it is.
    pub owner: Owner,
    /// Of which provider.
    pub provider: Provider,
    /// The broker's id of it; every connect brings a new one.
    pub broker_id: BrokerConnectionId,
    /// The account behind it, once it could be read.
    pub account: Option<ProviderAccount>,
    /// Where it stands.
    pub status: ConnectionStatus,
    /// Why, where there is more to say.
    pub reason: Option<StatusReason>,
    /// Since when the person has been connected; a reconnect does not move it, a connect after a disconnect does.
    pub connected_at: OffsetDateTime,
    /// When the status last changed.
    pub status_changed_at: OffsetDateTime,
}

/// What a save was, for what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connect {
    /// The person had no account of the provider.
    First,
    /// He had the same one.
    Again,
}

/// The text names no kind of a connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown connect: expected first or again")]
pub struct UnknownConnect;

impl Connect {
    /// The word in rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Again => "again",
        }
    }
}

impl FromStr for Connect {
    type Err = UnknownConnect;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::First, Self::Again].into_iter().find(|connect| connect.name() == text).ok_or(UnknownConnect)
    }
}

impl Connection {
    /// What the broker knows it by.
    #[must_use]
    pub fn reference(&self) -> BrokerReference {
        BrokerReference { provider: self.provider, id: self.broker_id.clone() }
    }

    /// Whether the person disconnected after `moment`. What he had begun before that is of no use to him any more.
    #[must_use]
    pub fn was_ended_after(&self, moment: OffsetDateTime) -> bool {
        self.status == ConnectionStatus::Disconnected && self.status_changed_at > moment
    }
}
