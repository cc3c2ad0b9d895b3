//! Looking at jobs, and saying who may start further ones.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, JobId, StoreError, UserId};

use crate::model::{Job, JobFilter, JobSlice, JobStatus, KeptOverride, LastSync, NewOverride, Slice};

/// Shows the jobs of a company to those who look after it. Rows from before there was a queue are none.
///
/// # Contract
///
/// - The company's jobs are listed, the newest first.
/// - A list is narrowed by person, provider and status.
/// - A slice tells how many there are in all.
/// - Parts of a list follow each other without a gap and without repetition.
/// - The latest job of each person and provider is told, and when one was last completed.
/// - A job for contents is no latest one.
/// - A job of the company stands in slices only.
/// - Jobs are counted by status.
/// - Another company's jobs are not told of.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobDirectory: Send + Sync {
    /// Some of the jobs that the filter lets through, those of the company among them.
    async fn list_jobs(&self, company_id: CompanyId, filter: &JobFilter, slice: Slice) -> Result<JobSlice, StoreError>;

    /// At most `most` of the jobs of accounts that the filter lets through, the newest first, from after the job `after` on.
    /// Where there is no such job, there is nothing after it.
    async fn list_after(
        &self,
        company_id: CompanyId,
        filter: &JobFilter,
        after: Option<JobId>,
        most: u16,
    ) -> Result<Vec<Job>, StoreError>;

    /// The latest job of each of these people and each provider, where there is one.
    async fn last_syncs(&self, company_id: CompanyId, users: &[UserId]) -> Result<Vec<LastSync>, StoreError>;

    /// How many jobs of accounts there are of each status, of those that there are any of.
    async fn count_by_status(&self, company_id: CompanyId) -> Result<Vec<(JobStatus, u64)>, StoreError>;
}

/// Keeps what admins say about further initial syncs; [`SyncStarter`](super::SyncStarter) goes by it.
///
/// # Contract
///
/// - A word is kept with its audit row.
/// - A word about the same replaces the one before.
/// - Words about others stand beside it.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SyncOverrides: Send + Sync {
    /// Keeps a word, together with its audit row.
    async fn set(&self, word: &NewOverride) -> Result<KeptOverride, StoreError>;
}
