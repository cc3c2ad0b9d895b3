//! What this domain needs from outside.

mod alerts;
mod books;
mod chats;
mod company_overview;
mod facts;
mod mail_signals;
mod passages;
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
pub use facts::Facts;
#[cfg(any(test, feature = "testing"))]
pub use facts::MockFacts;
pub use mail_signals::MailSignals;
#[cfg(any(test, feature = "testing"))]
pub use mail_signals::MockMailSignals;
#[cfg(any(test, feature = "testing"))]
pub use passages::MockPassages;
pub use passages::Passages;
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
