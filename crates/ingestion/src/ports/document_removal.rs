//! Removing documents one by one.

use async_trait::async_trait;
use cortex_kernel::StoreError;

use crate::model::RemoveDocument;

/// Removes documents that somebody does not want to be there.
///
/// # Contract
///
/// - A removed document is gone with its attachments and its sources.
/// - An attachment can be removed alone.
/// - An audit row tells who removed a document.
/// - What is not there is not removed.
/// - Another company's document is not removed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DocumentRemoval: Send + Sync {
    /// Removes the document and what came with it, together with an audit row, and answers how many documents that were;
    /// none where it is not there. No sync brings it back as long as its record says the same.
    async fn remove(&self, request: &RemoveDocument) -> Result<Option<u64>, StoreError>;
}
