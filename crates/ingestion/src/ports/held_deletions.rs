//! Deciding of deletions that are held back.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Page, PageRequest, StoreError};

use super::ListError;
use crate::model::{CarriedOut, DecisionOutcome, DeletionDecision, HeldDeletion};

/// The deletions of a company that are held back; [`PageStore`](super::PageStore) holds them.
///
/// # Contract
///
/// - Held deletions are listed with the last first.
/// - Pages of held deletions follow each other without a gap and without repetition.
/// - A cursor of held deletions that is none is refused.
/// - Another company's held deletions are not listed.
/// - What is confirmed goes, and who confirmed it is told.
/// - What is rejected stays, and who rejected it is told.
/// - What is decided is not decided again.
/// - Another company's held deletions are not decided.
/// - What others brought in as well stays when it is confirmed.
/// - The attachments of a message go with it when it is confirmed.
/// - What is confirmed is carried out in steps, and a step that was left is found.
/// - A record that comes back while what is confirmed is carried out stays.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait HeldDeletions: Send + Sync {
    /// A part of them, whatever was decided.
    async fn list(&self, company_id: CompanyId, page: &PageRequest) -> Result<Page<HeldDeletion>, ListError>;

    /// Makes a decision durable, with its audit row. Those that are rejected are done with; those that are confirmed are
    /// still to be carried out.
    async fn decide(&self, decision: &DeletionDecision) -> Result<DecisionOutcome, StoreError>;

    /// Ends at most `most` of the records that were confirmed, and removes documents that have no source left. Where
    /// nothing is left to do, nothing happens.
    async fn carry_out_some(&self, company_id: CompanyId, id: i64, most: u16) -> Result<CarriedOut, StoreError>;

    /// Confirmed deletions that are not carried out to their end; none where there are none.
    async fn find_unfinished(&self, company_id: CompanyId) -> Result<Option<i64>, StoreError>;
}
