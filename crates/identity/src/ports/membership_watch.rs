//! Hearing of changes.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

/// Tells when something changed that [`MembershipStore`](super::MembershipStore) reads, whoever changed it.
///
/// # Contract
///
/// - A change of a membership is heard.
/// - A change of the company is heard.
/// - A login is no change.
/// - Another company's change is not heard.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MembershipWatch: Send + Sync {
    /// Begins to listen for changes of this company: whatever is committed afterwards is heard.
    async fn listen(&self, company_id: CompanyId) -> Result<Box<dyn MembershipChanges>, StoreError>;
}

/// The changes since listening began.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MembershipChanges: Send {
    /// Waits for the next change. After an error nothing more is heard, and changes may have been missed.
    async fn next(&mut self) -> Result<(), StoreError>;
}
