//! Reading how much there was.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, StoreError};

use crate::model::{DayFigures, KindCount, MailsWanted, Stretch, SummarySource};

/// Counts what a company has, day by day.
///
/// # Contract
///
/// - Documents are counted by source and kind on their own dates.
/// - Days tell what came in was written and was entered.
/// - The newest mails are told first.
/// - Mails are found by who wrote them and by words of their subjects.
/// - Documents that are there are told by their ids.
/// - What was superseded has no figures.
/// - A company without documents has no figures.
/// - Another company's figures are not told.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Figures: Send + Sync {
    /// The documents by source and kind, by their own date or else when they came in; those with the most first, of equals by
    /// source and kind.
    async fn count_kinds(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<KindCount>, StoreError>;

    /// What each day had, in order; days that had nothing are left out.
    async fn list_days(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<DayFigures>, StoreError>;

    /// At most `most` of the mails of these days, the newest first.
    async fn list_mails(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        wanted: &MailsWanted,
        most: u16,
    ) -> Result<Vec<SummarySource>, StoreError>;

    /// What these documents say, of those that are there, in no order.
    async fn describe(&self, company_id: CompanyId, ids: &[DocumentId]) -> Result<Vec<SummarySource>, StoreError>;
}
