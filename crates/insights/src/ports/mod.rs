//! What this domain needs from outside.

mod alerts;
mod books;
mod chats;
mod company_overview;
mod correspondence;
mod daily_reports;
mod day_reader;
mod facts;
mod figures;
mod mail_signals;
mod passages;
mod report_renderer;
mod saved_reports;
mod summaries;
mod summarizer;

use cortex_kernel::StoreError;
use thiserror::Error;

use crate::model::InvalidCursor;

pub use alerts::Alerts;
#[cfg(any(test, feature = "testing"))]
pub use alerts::MockAlerts;
pub use books::Books;
#[cfg(any(test, feature = "testing"))]
pub use books::MockBooks;
pub use chats::Chats;
#[cfg(any(test, feature = "testing"))]
pub use chats::MockChats;
pub use company_overview::CompanyOverview;
#[cfg(any(test, feature = "testing"))]
pub use company_overview::MockCompanyOverview;
pub use correspondence::Correspondence;
#[cfg(any(test, feature = "testing"))]
pub use correspondence::MockCorrespondence;
pub use daily_reports::DailyReports;
#[cfg(any(test, feature = "testing"))]
pub use daily_reports::MockDailyReports;
pub use day_reader::DayReader;
#[cfg(any(test, feature = "testing"))]
pub use day_reader::MockDayReader;
pub use facts::Facts;
#[cfg(any(test, feature = "testing"))]
pub use facts::MockFacts;
pub use figures::Figures;
#[cfg(any(test, feature = "testing"))]
pub use figures::MockFigures;
pub use mail_signals::MailSignals;
#[cfg(any(test, feature = "testing"))]
pub use mail_signals::MockMailSignals;
#[cfg(any(test, feature = "testing"))]
pub use passages::MockPassages;
pub use passages::Passages;
#[cfg(any(test, feature = "testing"))]
pub use report_renderer::MockReportRenderer;
pub use report_renderer::{RenderError, ReportRenderer};
#[cfg(any(test, feature = "testing"))]
pub use saved_reports::MockSavedReports;
pub use saved_reports::{MOST_SAVED, SaveReportError, SavedReports};
#[cfg(any(test, feature = "testing"))]
pub use summaries::MockSummaries;
pub use summaries::Summaries;
#[cfg(any(test, feature = "testing"))]
pub use summarizer::MockSummarizer;
pub use summarizer::{Summarizer, SummarizerError};

/// A part of a list could not be read.
#[derive(Debug, Error)]
pub enum ListError {
    /// The caller's cursor is none of ours.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The list could not be read.
    #[error("the list could not be read")]
    Store(#[from] StoreError),
}
