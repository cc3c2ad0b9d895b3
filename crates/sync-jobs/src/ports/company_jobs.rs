//! Making jobs of the company.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Lease, StoreError};

use super::EnqueueOutcome;
use crate::model::{CompanyJobStart, Job, NewJob};

/// Makes jobs of the company: for people whenever they ask, for the schedule once a period.
///
/// # Contract
///
/// - A start makes the job of who asked for it.
/// - A start by an admin makes a job of nobody.
/// - While its job is live another start answers the same one.
/// - Once its job ended another start makes one.
/// - An audit row stands beside each start.
/// - Another try is told as one.
/// - The schedule makes one job of a period, whatever became of it.
/// - Twenty schedules at once make one job.
/// - What somebody asked for serves the schedule unless it ended badly.
/// - What was called off with who left is made by the schedule after all.
/// - A part that is counted shows in the job.
/// - A lost lease counts nothing.
/// - What ended long ago is forgotten but for the newest of its kind.
/// - Another company's jobs stand in no way.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CompanyJobs: Send + Sync {
    /// Makes the job and its audit row, or answers the job of the same kind and period that is queued or running, which will
    /// be told to begin once more if it runs.
    async fn start(&self, start: &CompanyJobStart) -> Result<EnqueueOutcome, StoreError>;

    /// Makes the job of a period by the schedule. None where the period needs no other: one of it waits, runs or is
    /// completed, or the schedule's own one ended badly, which is for people to try again.
    async fn start_once(&self, job: &NewJob) -> Result<Option<Job>, StoreError>;

    /// Counts a part of the work as a page of the job: it got on. False where the lease is not the job's any more, and
    /// whoever has it should stop.
    async fn count_part(&self, company_id: CompanyId, lease: Lease) -> Result<bool, StoreError>;

    /// Forgets at most `most` jobs of the company that ended and were made before that long, and answers how many those were.
    /// The newest of each kind stays: the schedule remembers by it.
    async fn forget_ended(&self, company_id: CompanyId, keep: Duration, most: u16) -> Result<usize, StoreError>;
}
