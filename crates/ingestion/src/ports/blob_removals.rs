//! Which original bytes nobody needs.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::BlobKey;

/// Keeps book of bytes that are to be removed, so that none is lost and none stays for ever.
///
/// Bytes are announced before they are kept. The transaction by which a document takes them takes the announcement back;
/// where there is none, it was too late, and the transaction fails. The transaction by which a document goes, or takes
/// other bytes, says that the old ones are due.
///
/// # Contract
///
/// - What was announced is due when no document took it in time.
/// - What a document took is not due.
/// - What a document has no more is due at once.
/// - What a document gave up for other bytes is due at once.
/// - Bytes that were not announced become no document's.
/// - Bytes that are being removed become no document's.
/// - What is claimed is nobody else's, until the claim runs out.
/// - What has been due longest is claimed first.
/// - What is forgotten is not due again.
/// - Another company's bytes are not claimed.
/// - Another company's bytes are not forgotten.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BlobRemovals: Send + Sync {
    /// Says that bytes are going to be kept under the key, to be removed unless a document takes them within this time.
    async fn announce(&self, company_id: CompanyId, key: BlobKey, within: Duration) -> Result<(), StoreError>;

    /// At most `most` of those that are due. No document can take them any more, and for so long nobody else claims them.
    async fn claim_due(&self, company_id: CompanyId, most: u16, hold: Duration) -> Result<Vec<BlobKey>, StoreError>;

    /// They are removed.
    async fn forget(&self, company_id: CompanyId, keys: &[BlobKey]) -> Result<(), StoreError>;
}
