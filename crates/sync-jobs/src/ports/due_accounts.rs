//! Accounts that are read now and then by themselves.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Provider, StoreError, UserId};

/// Knows which accounts were not read for long. Each has its own moment in the interval, which only its connection decides:
/// so accounts that were connected at once are not read at once for ever.
///
/// # Contract
///
/// - An account that was not read for two intervals is due.
/// - An account that was read in this interval is not due.
/// - An account of which nobody ever wanted anything read is not due.
/// - An account that waits or is being read is not due.
/// - A job for contents puts no reading off.
/// - An account that cannot be read is not due.
/// - No more accounts are told of than asked.
/// - Another company's accounts are not told of.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DueAccounts: Send + Sync {
    /// At most `most` of the accounts that are due, when each is to be read once in `interval`, by the clock of the store.
    async fn list_due(
        &self,
        company_id: CompanyId,
        interval: Duration,
        most: u16,
    ) -> Result<Vec<(UserId, Provider)>, StoreError>;
}
