//! Reading what there was on a day.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{DayCounts, DayOf, Exchanges, MentionQuery, Mentions, Unanswered};

/// Reads what a company's documents say of a day. A document is of the day on which it came to be by its own account, by UTC.
///
/// # Contract
///
/// - Documents of a day are counted by where they came from.
/// - Mails of a day are counted by the hour.
/// - A day ends where the next one begins.
/// - People outside are told by what was exchanged with them.
/// - Colleagues are nobody outside.
/// - A thread waits while its last mail came from outside.
/// - Nobody waits forever and machines do not.
/// - Documents are found by how their words begin.
/// - Mails among colleagues are left out where so wanted.
/// - At most so many are told and all are counted.
/// - What was superseded is of no day.
/// - An empty day has nothing.
/// - Another company's day is not told.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DayReader: Send + Sync {
    /// How much there was.
    async fn count(&self, company_id: CompanyId, day: &DayOf) -> Result<DayCounts, StoreError>;

    /// What was exchanged with people outside, of whom at most `most` are told.
    async fn list_exchanges(&self, company_id: CompanyId, day: &DayOf, most: u16) -> Result<Exchanges, StoreError>;

    /// The threads that waited for an answer when the day ended, of which at most `most` are told.
    async fn list_unanswered(&self, company_id: CompanyId, day: &DayOf, most: u16) -> Result<Unanswered, StoreError>;

    /// The documents that speak of something.
    async fn find_mentions(
        &self,
        company_id: CompanyId,
        day: &DayOf,
        query: MentionQuery,
    ) -> Result<Mentions, StoreError>;
}
