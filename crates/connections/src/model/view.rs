//! Connections as people see them, together with how far they were read.

use cortex_kernel::{BrokerConnectionId, ConnectionId, Email, Provider, UserId};
use time::OffsetDateTime;

use super::{ConnectionStatus, ProviderAccount, RefusalReason, StatusReason};

/// A connection and how far it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionView {
    /// Our own number of it.
    pub id: ConnectionId,
    /// Of which provider.
    pub provider: Provider,
    /// The broker's id of it.
    pub broker_id: BrokerConnectionId,
    /// Whose it is; none where it is from before connections had owners.
    pub user_id: Option<UserId>,
    /// The owner's address in the company, at the time of connecting.
    pub user_email: Option<Email>,
    /// The account behind it, once it could be read.
    pub account: Option<ProviderAccount>,
    /// Where it stands.
    pub status: ConnectionStatus,
    /// Why, where there is more to say.
    pub reason: Option<StatusReason>,
    /// Since when the person has been connected.
    pub connected_at: OffsetDateTime,
    /// When the status last changed.
    pub status_changed_at: OffsetDateTime,
    /// When a sync was last completed.
    pub last_read_at: Option<OffsetDateTime>,
    /// Whether the lock lets an initial sync begin.
    pub may_begin: bool,
    /// Whether one was completed.
    pub is_complete: bool,
}

/// A connection and what it brought in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedConnection {
    /// The connection.
    pub connection: ConnectionView,
    /// How many documents it brought in that have not vanished there.
    pub documents: u64,
}

/// How a person stands with a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which provider.
    pub provider: Provider,
    /// His connection of it, whatever its status.
    pub connection: Option<ConnectionView>,
    /// Why the account was not taken that he tried to connect last, until he tries again.
    pub refused: Option<RefusalReason>,
}

/// Which connections are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ViewFilter {
    /// Whose; none for everybody's, those without user among them.
    pub user_id: Option<UserId>,
    /// Of which status; none for all.
    pub status: Option<ConnectionStatus>,
}

impl ConnectionView {
    /// Whether the owner can have an initial sync started now.
    #[must_use]
    pub const fn can_begin(&self) -> bool {
        self.may_begin && matches!(self.status, ConnectionStatus::Active)
    }
}
