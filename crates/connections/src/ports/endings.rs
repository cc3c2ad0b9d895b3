//! What is kept about the end of connections, here and at the broker.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, StoreError};

use crate::model::{BrokerReference, ClaimedRemoval, EndConnection, EndedConnection, Holder, Purge, Purged, Removal};

/// Ends connections.
///
/// # Contract
///
/// - Whose a connection is, is told.
/// - An ended connection is disconnected and is to be removed at the broker.
/// - What was ended before is not ended again.
/// - A connection without user can be ended.
/// - A colleague's connection of the same provider goes on.
/// - An audit row tells who ended it.
/// - Another company's connection is not ended.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectionEndings: Send + Sync {
    /// Whose the connection is.
    async fn find_holder(&self, company_id: CompanyId, id: ConnectionId) -> Result<Option<Holder>, StoreError>;

    /// Ends the connection: its jobs are cancelled, its cursors and its lock forgotten, and what is to go at the broker
    /// is remembered, all together with an audit row. None where there is no such connection.
    async fn end(&self, end: &EndConnection) -> Result<Option<EndedConnection>, StoreError>;

    /// Removes a part of what only this connection brought in, together with an audit row.
    async fn purge_some(&self, purge: &Purge) -> Result<Purged, StoreError>;
}

/// Remembers which connections are to go at the broker, until they are gone.
///
/// # Contract
///
/// - What is to be removed is claimed once, and again when the claim ran out.
/// - What somebody takes at once is claimed by nobody else.
/// - What was removed is remembered as gone for a while, and not removed again.
/// - What was put off is claimed later.
/// - Removing the same twice is one removal.
/// - A connection that somebody uses is not removed.
/// - Another company's removals are not claimed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BrokerRemovals: Send + Sync {
    /// Remembers one.
    async fn put(&self, removal: &Removal) -> Result<(), StoreError>;

    /// Remembers this one and takes it, for as long as `hold`. None where it is gone already, somebody else is about to
    /// remove it, or a connected row holds it.
    async fn take(&self, removal: &Removal, hold: Duration) -> Result<Option<ClaimedRemoval>, StoreError>;

    /// Takes the one that has been due longest, for as long as `hold`. What a connected row holds is forgotten instead.
    async fn claim_next(&self, company_id: CompanyId, hold: Duration) -> Result<Option<ClaimedRemoval>, StoreError>;

    /// It is gone. That is remembered until it is forgotten: what is told of it late brings it back to nobody.
    async fn settle(&self, removal: &Removal) -> Result<(), StoreError>;

    /// It could not be removed, for this reason: it is to be tried again `after` that.
    async fn put_off(&self, removal: &Removal, error: &str, after: Duration) -> Result<(), StoreError>;

    /// All that are not gone yet.
    async fn list_pending(&self, company_id: CompanyId) -> Result<Vec<BrokerReference>, StoreError>;

    /// Forgets at most `most` of those that are gone for longer than `age`, and answers how many.
    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError>;
}
