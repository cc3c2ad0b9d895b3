//! Counting documents.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::SourceName;

/// Counts the documents of a company, and reads none.
///
/// # Contract
///
/// - Documents are counted by their sources.
/// - Superseded documents are not counted.
/// - Another company's documents are not counted.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DocumentCounts: Send + Sync {
    /// How many there are of each source, of those that there are any of, by name.
    async fn count_by_source(&self, company_id: CompanyId) -> Result<Vec<(SourceName, u64)>, StoreError>;
}
