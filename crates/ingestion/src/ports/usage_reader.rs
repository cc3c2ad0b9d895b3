//! Reading how much people bring in.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, PageRequest, StoreError, UserId};

use super::ListError;
use crate::model::{CompanyUsage, Usage};

/// How much people bring in: by hand ([`DocumentWriter`](super::DocumentWriter) counts it) and by syncs
/// ([`PageStore`](super::PageStore) does).
///
/// # Contract
///
/// - Who brought in nothing has nothing, and a day that ends.
/// - What was brought in on other days counts in the total only.
/// - What a company brought in is the sum of its members.
/// - Members follow each other in pages without a gap.
/// - A cursor that is none is refused.
/// - Another company's usage is not told.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UsageReader: Send + Sync {
    /// What this person brought in.
    async fn of_user(&self, company_id: CompanyId, user_id: UserId) -> Result<Usage, StoreError>;

    /// What all did, and a part of them one by one.
    async fn of_company(&self, company_id: CompanyId, page: &PageRequest) -> Result<CompanyUsage, ListError>;
}
