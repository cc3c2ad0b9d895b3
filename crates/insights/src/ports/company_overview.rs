//! Reading how a company stands.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::OffsetDateTime;

use crate::model::{ConnectionStanding, DocumentShare, NewDocuments, OwnAddresses, SyncTotals};

/// Reads what a company has and how it gets on.
///
/// # Contract
///
/// - Documents are counted by where they came from and who brought them in.
/// - Whoever brought in documents has an address.
/// - Documents that came in this week stand beside those of last week.
/// - Weeks go on over New Year.
/// - What was superseded is not counted.
/// - Syncs are counted by what became of them.
/// - Only syncs since a moment are counted, but for those that go on.
/// - Connections tell when their account was last read and why that failed.
/// - At most so many connections are told, the newest first.
/// - Addresses of accounts and of those who connected them are the company's own.
/// - An empty company has nothing.
/// - Another company's numbers are not told.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CompanyOverview: Send + Sync {
    /// How many documents there are, by source and by who first brought them in.
    async fn count_documents(&self, company_id: CompanyId) -> Result<Vec<DocumentShare>, StoreError>;

    /// The addresses under which these people last brought something in, as far as they are known.
    async fn find_addresses(
        &self,
        company_id: CompanyId,
        user_ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError>;

    /// How many documents came in this week and last week, if it is now that.
    async fn count_new(&self, company_id: CompanyId, now: OffsetDateTime) -> Result<NewDocuments, StoreError>;

    /// What became of the syncs that were begun since then; and those that wait or run, whenever they were begun.
    async fn count_syncs(&self, company_id: CompanyId, since: OffsetDateTime) -> Result<SyncTotals, StoreError>;

    /// At most `most` connections of the company, the newest first.
    async fn list_connections(&self, company_id: CompanyId, most: u16) -> Result<Vec<ConnectionStanding>, StoreError>;

    /// Which addresses are the company's own: of its accounts and of those who connected them, whether they are connected
    /// still or not.
    async fn list_own_addresses(&self, company_id: CompanyId) -> Result<OwnAddresses, StoreError>;
}
