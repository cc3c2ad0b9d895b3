//! Reading which records could not be taken in.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Page, StoreError};

use super::ListError;
use crate::model::{SetAsideQuery, SetAsideView};

/// The records of a company that are kept aside; [`PageStore`](super::PageStore) puts them there.
///
/// # Contract
///
/// - Records are listed with those first seen last first.
/// - Pages follow each other without a gap and without repetition.
/// - A cursor that is none is refused.
/// - A filter by person and by provider narrows the list.
/// - Another company's records are not listed.
/// - What was not set aside again for long is forgotten.
/// - Another company's records are not forgotten.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SetAsideRecords: Send + Sync {
    /// A part of them.
    async fn list(&self, company_id: CompanyId, query: &SetAsideQuery) -> Result<Page<SetAsideView>, ListError>;

    /// Forgets at most `most` of those that were last set aside longer ago than `age`, and answers how many.
    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError>;
}
