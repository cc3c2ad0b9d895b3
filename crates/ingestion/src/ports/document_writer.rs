//! Taking in what people bring in by hand.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{DocumentKey, DocumentPut, DocumentText, PutOutcome};

/// Makes documents durable that people bring in by hand: with who did, in the audit log, counted towards what its
/// contributor may bring in on a day, and with the answer where the request may be sent again; all of it or nothing.
///
/// # Contract
///
/// - A new document has its contributor and no connection.
/// - The parts of a document belong to it.
/// - A document of a known key is written over and keeps its first contributor.
/// - A colleague who writes over a document is a further source of it.
/// - A document of a known key is left where its key says so.
/// - Twenty who put the same key at once put one document.
/// - Another company's document of the same key is another document.
/// - What is put is counted.
/// - More than the quota is refused and nothing is written.
/// - What the quota admits is written, and nothing else.
/// - Twenty puts at once do not overrun the quota.
/// - A new day begins at nothing.
/// - What is put stands in the audit log.
/// - The answer is kept with the document.
/// - Under a claim that was lost nothing is written.
/// - A document is found by its key.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DocumentWriter: Send + Sync {
    /// The document of this key.
    async fn find_by_key(&self, company_id: CompanyId, key: &DocumentKey) -> Result<Option<DocumentText>, StoreError>;

    /// Puts it there.
    async fn put(&self, put: &DocumentPut) -> Result<PutOutcome, StoreError>;
}
