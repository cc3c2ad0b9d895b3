//! Taking all documents out.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, StoreError};

use crate::model::{ExportStart, ExportedDocument};

/// Hands out the documents of a company, part by part.
///
/// # Contract
///
/// - An export begins with an audit row.
/// - Every document is exported once with its text and its sources.
/// - Another company's documents are not exported.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DocumentExport: Send + Sync {
    /// Writes down that an export begins.
    async fn start(&self, start: &ExportStart) -> Result<(), StoreError>;

    /// At most `most` of the documents after `after`, by their ids; no more of them after the last part. What comes in
    /// meanwhile may be among them.
    async fn list_some(
        &self,
        company_id: CompanyId,
        after: Option<DocumentId>,
        most: u16,
    ) -> Result<Vec<ExportedDocument>, StoreError>;
}
