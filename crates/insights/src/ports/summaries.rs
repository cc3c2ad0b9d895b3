//! Keeping summaries.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{KeptSummary, Span};

/// Keeps the summary of each span, the last one that was computed.
///
/// # Contract
///
/// - A summary is found as it was kept.
/// - Of a span the last one is kept.
/// - A day is no week that begins on it.
/// - What cannot be read any more is absent.
/// - Another company's summary is absent.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Summaries: Send + Sync {
    /// The summary of the span, unless none was kept or it was computed by other formulas.
    async fn find(&self, company_id: CompanyId, span: Span) -> Result<Option<KeptSummary>, StoreError>;

    /// Keeps it in place of what was kept of its span.
    async fn keep(&self, company_id: CompanyId, summary: &KeptSummary) -> Result<(), StoreError>;
}
