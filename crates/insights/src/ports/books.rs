//! Reading what a company's books say.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Page, StoreError};

use super::ListError;
use crate::model::{BookEntry, BookTotals, EntryQuery, Party, PartyTotal, Period, RecordCounts};

/// Reads the books of a company: documents that came from its accounting. Whoever brought them in, every member may read
/// them.
///
/// # Contract
///
/// - Entries add up exactly.
/// - What is not told adds nothing.
/// - Both ends of a period belong to it.
/// - What is of no day belongs to all of time only.
/// - The currencies of a period are told.
/// - Records are counted by their kind.
/// - Parties with the most come first.
/// - Entries are listed with the newest first.
/// - Pages of entries follow each other without a gap and without repetition.
/// - A cursor that is no place among entries is refused.
/// - An entry tells what its document does.
/// - What changes, is replaced or goes counts as it is now.
/// - Other documents are in no books.
/// - An empty company has empty books.
/// - Another company's books are closed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Books: Send + Sync {
    /// What the entries of a period add up to.
    async fn sum_up(&self, company_id: CompanyId, period: Period) -> Result<BookTotals, StoreError>;

    /// How many records there are, of any time.
    async fn count_records(&self, company_id: CompanyId) -> Result<RecordCounts, StoreError>;

    /// At most `most` of the parties that have a name, those with the greatest totals of the period first, and of equals
    /// by their names.
    async fn list_parties(
        &self,
        company_id: CompanyId,
        party: Party,
        period: Period,
        most: u16,
    ) -> Result<Vec<PartyTotal>, StoreError>;

    /// A part of the entries, the newest first, by their days; those of no day last.
    async fn list_entries(&self, company_id: CompanyId, query: &EntryQuery) -> Result<Page<BookEntry>, ListError>;
}
