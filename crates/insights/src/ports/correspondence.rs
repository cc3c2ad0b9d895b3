//! Reading who writes to whom.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::Duration;

use crate::model::{
    Comparison, Correspondent, Correspondents, HourShare, MostCorrespondents, Network, Stretch, TopicKind,
    TouchedThread,
};

/// Counts the mails of a company, whoever brought them in. Addresses are compared in small letters. Of equals the first by
/// address, or by id, comes first.
///
/// # Contract
///
/// - Those who wrote most come first.
/// - Those who were written to most come first.
/// - Who wrote to whom is counted with when last.
/// - Mails are counted by hour and weekday.
/// - The median reply is between mails of different people.
/// - What was written long before is not replied to.
/// - A network is of those with the most mails.
/// - Threads tell how often people wrote in both stretches.
/// - People companies and words are counted in both stretches.
/// - Those who never wrote before are new.
/// - Both ends of a stretch belong to it.
/// - What is no mail or was superseded is not counted.
/// - A company without mails has no correspondence.
/// - Another company's mails are not counted.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Correspondence: Send + Sync {
    /// Who wrote most, who was written to most, and who to whom: at most so many of each.
    async fn list_correspondents(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        most: MostCorrespondents,
    ) -> Result<Correspondents, StoreError>;

    /// The mails by hour and weekday of UTC, from Monday; hours without one are left out.
    async fn count_by_hour(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<HourShare>, StoreError>;

    /// The median of how long answers took: mails of these days that follow one of somebody else in their thread, of at
    /// most [`LONGEST_REPLY`](crate::model::LONGEST_REPLY) before; none where there are none. To the second.
    async fn find_median_reply(&self, company_id: CompanyId, stretch: Stretch) -> Result<Option<Duration>, StoreError>;

    /// At most `most` people, by the mails that they wrote and that each of the others wrote to them, and at most ten times as
    /// many ties between them, those with the most mails first.
    async fn map_network(&self, company_id: CompanyId, stretch: Stretch, most: u16) -> Result<Network, StoreError>;

    /// At most `most` threads in which people wrote at least twice in this stretch and the one before; those in which they
    /// wrote most now come first, then those in which they wrote most before, then the latest.
    async fn list_threads(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        most: u16,
    ) -> Result<Vec<TouchedThread>, StoreError>;

    /// What mails are about in this stretch and the one before: at most `most`, what is in most mails now first, of what is
    /// in [`LEAST_MENTIONS`](crate::model::LEAST_MENTIONS) now.
    async fn compare(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        kind: TopicKind,
        most: u16,
    ) -> Result<Comparison, StoreError>;

    /// At most `most` of those who wrote in this stretch and in no mail before it, those who wrote most first.
    async fn list_new_writers(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        most: u16,
    ) -> Result<Vec<Correspondent>, StoreError>;
}
