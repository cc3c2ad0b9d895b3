//! What this domain needs from outside.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, JobId, Lease, StoreError};
use tokio_util::sync::CancellationToken;

use crate::model::{ClaimedJob, Disposition, Ending, Job, NewJob};

/// Does the work of a job.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobRunner: Send + Sync {
    /// Reads until there is nothing more to read, and makes every page durable under `lease`. Once `interrupt` is
    /// cancelled it stops before the next page. It may be dropped at any moment: what is durable by then stays.
    async fn run(&self, job: &Job, lease: Lease, interrupt: &CancellationToken) -> Disposition;
}

/// The jobs that wait and run. All times in it are the database's, which every worker shares.
///
/// # Contract
///
/// - An enqueued job is found queued.
/// - A connection has one live job of a kind.
/// - Twenty requests at once make one job.
/// - Another company's job reads as absent.
/// - A claimed job is running under a lease of a new epoch.
/// - Twenty claims at once give a job to one worker.
/// - The job that waits longest is claimed first.
/// - A claim takes no more than asked.
/// - A job that is not due is not claimed.
/// - A heartbeat keeps the lease.
/// - A lease that ran out is claimed by another and lost to the first.
/// - A job whose last attempt died is failed.
/// - A lost lease finishes nothing.
/// - A completed job stays completed.
/// - A retry waits and counts as an attempt.
/// - A snooze waits and is no attempt.
/// - A failed job keeps its failure.
/// - A cancelled job ends.
/// - A job given back is queued at once and is no attempt.
/// - A job asked for again while it runs is read once more before it completes.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Makes the job, or answers the one of the same connection and kind that is queued or running. One that runs
    /// already will be told to read once more.
    async fn enqueue(&self, job: &NewJob) -> Result<EnqueueOutcome, StoreError>;

    /// Takes jobs that are due, and those whose worker is gone.
    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<ClaimedJob>, StoreError>;

    /// Says that the run goes on, so that the lease lasts `lease_for` from now.
    async fn heartbeat(
        &self,
        company_id: CompanyId,
        lease: Lease,
        lease_for: Duration,
    ) -> Result<HeartbeatOutcome, StoreError>;

    /// Ends the run.
    async fn finish(&self, company_id: CompanyId, lease: Lease, ending: &Ending) -> Result<FinishOutcome, StoreError>;

    /// Returns the job unfinished, for another worker to take at once. Giving back what is lost does nothing.
    async fn give_back(&self, company_id: CompanyId, lease: Lease) -> Result<(), StoreError>;

    /// The job. Rows from before there was a queue are none.
    async fn find_job(&self, company_id: CompanyId, id: JobId) -> Result<Option<Job>, StoreError>;
}

/// What became of a request for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnqueueOutcome {
    /// It was made.
    Enqueued(Job),
    /// There is one that does the same.
    AlreadyLive(Job),
}

/// Which jobs a worker can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// Of which company.
    pub company_id: CompanyId,
    /// Who asks, for people who look at the rows.
    pub worker: String,
    /// How many at most.
    pub most: u16,
    /// How long the leases last without a heartbeat.
    pub lease_for: Duration,
}

/// What became of a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatOutcome {
    /// The lease lasts.
    Held {
        /// Somebody wants the job to be called off.
        cancel_requested: bool,
    },
    /// The job is somebody else's: stop.
    LeaseLost,
}

/// What became of an ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishOutcome {
    /// The job is where the ending leads.
    Finished,
    /// The job was asked for while it ran: it is still running, under the same lease, and is to read once more.
    AskedAgain,
    /// The job is somebody else's: nothing was written.
    LeaseLost,
}
