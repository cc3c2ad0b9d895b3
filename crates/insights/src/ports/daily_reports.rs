//! Keeping reports of days.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::Date;

use crate::model::{DailyReport, DailyReportKind};

/// The reports of a company's days. There is one of a kind and day.
///
/// # Contract
///
/// - What is kept is told as it was made.
/// - A report that is made anew takes the place of the one before.
/// - The latest days come first.
/// - Reports of a day are told in the order of their kinds.
/// - Another company's reports are not told.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DailyReports: Send + Sync {
    /// Keeps a report, in the place of what was kept of its kind and day.
    async fn keep(&self, company_id: CompanyId, report: &DailyReport) -> Result<(), StoreError>;

    /// The report of a kind and day.
    async fn find(
        &self,
        company_id: CompanyId,
        kind: DailyReportKind,
        day: Date,
    ) -> Result<Option<DailyReport>, StoreError>;

    /// All reports of a day, in the order of [`DailyReportKind::ALL`].
    async fn list_of_day(&self, company_id: CompanyId, day: Date) -> Result<Vec<DailyReport>, StoreError>;

    /// How many reports there are, and at most `most` of them, the latest days first.
    async fn list_latest(&self, company_id: CompanyId, most: u16) -> Result<(u64, Vec<DailyReport>), StoreError>;
}
