//! Connections from before connections had owners.

use cortex_kernel::{BrokerConnectionId, ConnectionId, Provider};

use super::{BrokerReference, ProviderAccount};

/// A connection of which nobody knows whose it is. It is read by nobody, until somebody connects the same account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnclaimedConnection {
    /// Our own number of it.
    pub id: ConnectionId,
    /// Of which provider.
    pub provider: Provider,
    /// The broker's id of it.
    pub broker_id: BrokerConnectionId,
    /// The account behind it, once it was read.
    pub account: Option<ProviderAccount>,
}

impl UnclaimedConnection {
    /// What the broker knows it by.
    #[must_use]
    pub fn reference(&self) -> BrokerReference {
        BrokerReference { provider: self.provider, id: self.broker_id.clone() }
    }
}
