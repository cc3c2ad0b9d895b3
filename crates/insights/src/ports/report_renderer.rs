//! Making files of reports.

use std::error::Error as StdError;

use async_trait::async_trait;
use thiserror::Error;

use crate::model::{DailyReport, ReportFormat};

/// Makes files of reports. What comes from documents stands in them as text and does nothing.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ReportRenderer: Send + Sync {
    /// The reports in one file, in their order.
    async fn render(&self, reports: Vec<DailyReport>, format: ReportFormat) -> Result<Vec<u8>, RenderError>;
}

/// No file could be made.
#[derive(Debug, Error)]
#[error("the report cannot be made a file")]
pub struct RenderError(#[source] pub Box<dyn StdError + Send + Sync>);
