//! Connections that are to go at the broker.

use cortex_kernel::CompanyId;

use super::BrokerReference;

/// A connection that nobody of ours uses any more and that is to be removed at the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The company whose it was.
    pub company_id: CompanyId,
    /// Which one.
    pub reference: BrokerReference,
}

/// A removal, taken by one worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedRemoval {
    /// Which connection.
    pub reference: BrokerReference,
    /// How often it was tried, this time included.
    pub attempt: u32,
}
