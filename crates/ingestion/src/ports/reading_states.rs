//! Telling how far connections were read.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};

use crate::model::ReadingState;

/// Tells people how far their connections were read.
///
/// # Contract
///
/// - A new connection was never read and may be.
/// - A connection that was begun may not be begun again.
/// - The last reading that was completed counts.
/// - A colleague's connection is not told of.
/// - Another company's connection is not told of.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ReadingStates: Send + Sync {
    /// One for each connection of the person, by its number.
    async fn list_own(&self, company_id: CompanyId, user_id: UserId) -> Result<Vec<ReadingState>, StoreError>;
}
