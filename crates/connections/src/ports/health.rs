//! What is kept about how connections fare.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Origin, StoreError};
use time::OffsetDateTime;

use crate::model::{BrokerReference, Connection, Fetch, StatusReason};

/// Keeps how connections fare.
///
/// # Contract
///
/// - A connection is found by the broker's id of it.
/// - Another company's connection reads as absent.
/// - A connection without user, or in quarantine, is known to be nobody's.
/// - A connection that lost its authorization says so, why, and since when.
/// - A loss told again changes nothing.
/// - A loss of a connection that was replaced meanwhile changes nothing.
/// - A loss of a connection that was ended meanwhile changes nothing.
/// - A connect after a loss is active again.
/// - A connection that is found healthy is active again.
/// - What is active already is not found healthy.
/// - An audit row stands beside each change.
/// - A failed fetch shows until one succeeds.
/// - A failed fetch hides no other reason.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectionHealth: Send + Sync {
    /// The connection that holds the broker's, whatever its status.
    async fn find_brokered(
        &self,
        company_id: CompanyId,
        reference: &BrokerReference,
    ) -> Result<Option<Connection>, StoreError>;

    /// Whether it is known that nobody owns the connection: it is from before connections had owners, or in quarantine.
    async fn is_nobodys(&self, company_id: CompanyId, reference: &BrokerReference) -> Result<bool, StoreError>;

    /// Only connecting again helps, for this reason, since `at`: unless the row moved meanwhile. Its jobs that wait or
    /// run have failed then, and an audit row tells it. Whether that is news.
    async fn mark_needs_reauthorization(
        &self,
        connection: &Connection,
        reason: StatusReason,
        at: OffsetDateTime,
        origin: &Origin,
    ) -> Result<bool, StoreError>;

    /// The broker reads it as healthy, after it had not: unless the row moved meanwhile. Together with an audit row.
    /// Whether that is news.
    async fn mark_healthy(
        &self,
        connection: &Connection,
        at: OffsetDateTime,
        origin: &Origin,
    ) -> Result<bool, StoreError>;

    /// How the broker fared with it when it last fetched.
    async fn note_fetch(&self, connection: &Connection, fetch: Fetch) -> Result<(), StoreError>;
}
