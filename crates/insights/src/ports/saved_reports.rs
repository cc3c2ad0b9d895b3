//! Keeping reports.

use async_trait::async_trait;
use cortex_kernel::{SavedReportId, StoreError};
use serde_json::Value;
use thiserror::Error;

use crate::model::{NewSavedReport, Owner, ReportChange, ReportQuery, ReportStats, SavedReport, SavedReportPart};

/// The reports that people keep. Each is its owner's alone; one that he shares his colleagues may read, and nothing else.
///
/// # Contract
///
/// - What is kept is told as it was composed.
/// - Kept reports are listed with the newest first, in parts.
/// - Reports are found by their kind, their star and their words.
/// - Somebody else's report is absent.
/// - A shared report is read by colleagues and changed by its owner only.
/// - Another company's report is absent.
/// - Only its owner's looks are counted.
/// - What is changed of a report is changed, and the rest stays.
/// - A star is set, taken and turned.
/// - A report that was deleted is gone.
/// - What a person keeps is counted.
/// - A person keeps so many reports and no more.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SavedReports: Send + Sync {
    /// Keeps a report.
    async fn save(&self, owner: Owner, report: &NewSavedReport) -> Result<(), SaveReportError>;

    /// A part of one's own reports and those that others share, the newest first.
    async fn list(&self, owner: Owner, query: &ReportQuery) -> Result<SavedReportPart, StoreError>;

    /// A report with what it says, where it is one's own or shared. A look at one's own is counted before it is told.
    async fn open(&self, owner: Owner, id: SavedReportId) -> Result<Option<(SavedReport, Value)>, StoreError>;

    /// Changes one's own report, and answers how it is then; none where it is not there.
    async fn change(
        &self,
        owner: Owner,
        id: SavedReportId,
        change: &ReportChange,
    ) -> Result<Option<SavedReport>, StoreError>;

    /// Stars one's own report, or takes the star; turns it where neither is said. Answers how it is then; none where the
    /// report is not there.
    async fn star(&self, owner: Owner, id: SavedReportId, starred: Option<bool>) -> Result<Option<bool>, StoreError>;

    /// Deletes one's own report. Answers whether it was there.
    async fn delete(&self, owner: Owner, id: SavedReportId) -> Result<bool, StoreError>;

    /// How much a person keeps.
    async fn count(&self, owner: Owner) -> Result<ReportStats, StoreError>;
}

/// A report is not kept.
#[derive(Debug, Error)]
pub enum SaveReportError {
    /// He keeps [`MOST_SAVED`] already.
    #[error("nobody keeps more than {MOST_SAVED} reports")]
    TooMany,
    /// It cannot be written.
    #[error("the report could not be kept")]
    Store(#[from] StoreError),
}

/// The most reports that one person keeps.
pub const MOST_SAVED: u32 = 500;
