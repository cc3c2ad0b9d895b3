//! The account that a person first connected.

use cortex_kernel::{BrokerConnectionId, Provider};
use time::OffsetDateTime;

use super::{Connection, Owner, ProviderAccount};

/// The account to which later connects of a person and provider are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalConnection {
    /// Which account.
    pub account: ProviderAccount,
    /// The broker's connection that reached it last.
    pub broker_id: BrokerConnectionId,
    /// When it was connected last; none where older programs did not tell.
    pub connected_at: Option<OffsetDateTime>,
    /// How often it was connected again.
    pub reconnects: u32,
}

impl OriginalConnection {
    /// Whether it is about what stands in the row, and not about what the person had before he disconnected.
    #[must_use]
    pub fn is_about(&self, row: &Connection) -> bool {
        self.broker_id == row.broker_id || self.connected_at.is_some_and(|at| at >= row.connected_at)
    }
}

/// An account that is connected now and can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedAccount {
    /// Who connected it.
    pub owner: Owner,
    /// Of which provider.
    pub provider: Provider,
    /// Which account.
    pub account: ProviderAccount,
    /// The broker's connection that reaches it.
    pub broker_id: BrokerConnectionId,
    /// When.
    pub at: OffsetDateTime,
}

/// The step from the noted original to what it is after a [`ConnectedAccount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginalDecision {
    /// This account is the original one.
    Begin,
    /// It was connected again.
    Count,
    /// It is told already.
    Keep,
}

impl ConnectedAccount {
    /// What to do with what is noted. Another account than the noted one is only ever connected after a disconnect, and
    /// is the original one from then on.
    #[must_use]
    pub fn against(&self, noted: Option<&OriginalConnection>) -> OriginalDecision {
        match noted {
            Some(noted) if noted.broker_id == self.broker_id => OriginalDecision::Keep,
            Some(noted) if noted.account.is_same_as(&self.account) => OriginalDecision::Count,
            Some(_) | None => OriginalDecision::Begin,
        }
    }
}
