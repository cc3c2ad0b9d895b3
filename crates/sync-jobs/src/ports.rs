//! What this domain needs from outside.

mod company_jobs;
mod company_leaves;
mod due_accounts;
mod job_directory;
mod live_jobs;
mod workers;

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, JobId, Lease, StoreError};

use crate::model::{ClaimedJob, Disposition, Ending, Job, NewJob, StartRefusal, SyncStart};

pub use company_jobs::CompanyJobs;
#[cfg(any(test, feature = "testing"))]
pub use company_jobs::MockCompanyJobs;

pub use company_leaves::CompanyLeaves;
#[cfg(any(test, feature = "testing"))]
pub use company_leaves::MockCompanyLeaves;

pub use due_accounts::DueAccounts;
#[cfg(any(test, feature = "testing"))]
pub use due_accounts::MockDueAccounts;

pub use job_directory::{JobDirectory, SyncOverrides};
#[cfg(any(test, feature = "testing"))]
pub use job_directory::{MockJobDirectory, MockSyncOverrides};

pub use live_jobs::{ActiveMembers, LiveJobs};
#[cfg(any(test, feature = "testing"))]
pub use live_jobs::{MockActiveMembers, MockLiveJobs};

#[cfg(any(test, feature = "testing"))]
pub use workers::MockWorkers;
pub use workers::Workers;

/// Named by [`JobRunner`], and found here by whoever implements it.
pub use tokio_util::sync::CancellationToken;

/// Does the work of a job.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobRunner: Send + Sync {
    /// Reads until there is nothing more to read, and makes every page durable under `lease`. The job is as it stood when
    /// the run began: without pages, nobody read for it before. Once `interrupt` is cancelled it stops before the next
    /// page. It may be dropped at any moment: what is durable by then stays.
    ///
    /// For a job of the company a page is a part of its work, which it counts in the same way if it is to give way to others:
    /// what never counts one is not interrupted for them.
    async fn run(&self, job: &Job, lease: Lease, interrupt: &CancellationToken) -> Disposition;
}

/// The jobs that wait and run. All times in it are the database's, which every worker shares.
///
/// # Contract
///
/// - An enqueued job is found queued.
/// - A connection has one live job of a kind.
/// - Twenty requests at once make one job.
/// - A job for contents that is asked for again waits no longer.
/// - Another company's job reads as absent.
/// - A claimed job is running under a lease of a new epoch.
/// - Twenty claims at once give a job to one worker.
/// - Of one person, the job that waits longest is claimed first.
/// - People take turns, and whoever had one longest ago comes first.
/// - Nobody has more jobs run at a time than a claim allows.
/// - What a lost worker left comes before everything that waits.
/// - What a lost worker left comes before what waits of the same person.
/// - A claim takes no more than asked.
/// - A job that is not due is not claimed.
/// - A connection is read by one job at a time, and by its initial one first.
/// - A heartbeat keeps the lease.
/// - A heartbeat tells that somebody waits for a worker.
/// - A heartbeat does not count the run that it is of.
/// - A heartbeat tells of nobody who would come later than its own run.
/// - A lease that ran out is claimed by another and lost to the first.
/// - A job whose last attempt died is failed.
/// - A lost lease finishes nothing.
/// - A completed job stays completed.
/// - A retry waits and counts as an attempt.
/// - A snooze waits and is no attempt.
/// - A failed job keeps its failure.
/// - A job given back is queued at once and is no attempt.
/// - Who gives a job back had his turn until then.
/// - A job asked for again while it runs is read once more before it completes.
/// - A job of the company is found queued, without a connection.
/// - The company has one live job of a kind and period.
/// - A job of the company asked for again while it runs is done once more.
/// - What nobody asked for counts as a person of its own.
/// - A heartbeat tells that a job of the company waits.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Makes the job, or answers the one of the same connection and kind, or of the same kind and period, that is queued or
    /// running. One that runs already will be told to begin once more.
    async fn enqueue(&self, job: &NewJob) -> Result<EnqueueOutcome, StoreError>;

    /// Takes jobs that are due, and those whose worker is gone.
    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<ClaimedJob>, StoreError>;

    /// Says that the run goes on, so that the lease lasts `lease_for` from now.
    async fn heartbeat(&self, company_id: CompanyId, beat: &Heartbeat) -> Result<HeartbeatOutcome, StoreError>;

    /// Ends the run. Where that ends an initial sync for good, the lock of its connection is settled in the same step.
    async fn finish(&self, company_id: CompanyId, lease: Lease, ending: &Ending) -> Result<FinishOutcome, StoreError>;

    /// Returns the job unfinished, for another worker to take at once. Giving back what is lost does nothing.
    async fn give_back(&self, company_id: CompanyId, lease: Lease) -> Result<(), StoreError>;

    /// The job. Rows from before there was a queue are none.
    async fn find_job(&self, company_id: CompanyId, id: JobId) -> Result<Option<Job>, StoreError>;
}

/// Makes the job of a sync together with the lock on its connection. The lock is about initial syncs only; ending their
/// jobs by [`JobQueue`] settles it.
///
/// # Contract
///
/// - Without a connection nothing is started.
/// - An ended connection starts nothing.
/// - A connection that needs re-authorization starts nothing.
/// - Another company's connection reads as absent.
/// - An initial start makes a job and locks the connection.
/// - While its job is live a second start answers the same job.
/// - Twenty starts at once make one job.
/// - An initial start begins at the first record.
/// - A completed initial sync stays locked and is completed.
/// - A job that fails before its first page unlocks.
/// - A job whose last attempt died before its first page unlocks.
/// - A job that fails after its first page stays locked.
/// - A leave is used up by the start that needs it.
/// - The leave of the company is used up in the place of a word.
/// - A refusal holds until it is taken back.
/// - The word about the fewest counts.
/// - A colleague's lock locks nobody else.
/// - An incremental start takes no lock and needs none.
/// - A webhook starts nothing before the initial sync began.
/// - An admin's start passes the lock.
/// - An audit row stands beside each start that somebody asked for.
/// - A retry is told as one.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SyncStarter: Send + Sync {
    /// Makes the job, the lock and the audit row, or nothing; see [`SyncRequest::decide`](crate::model::SyncRequest).
    async fn start(&self, start: &SyncStart) -> Result<StartOutcome, StoreError>;
}

/// What became of a request for a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartOutcome {
    /// Its job was made.
    Started(Job),
    /// There is one that does the same; if it runs, it will read once more.
    AlreadyLive(Job),
    /// Nothing was made.
    Refused(StartRefusal),
}

/// What became of a request for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnqueueOutcome {
    /// It was made.
    Enqueued(Job),
    /// There is one that does the same.
    AlreadyLive(Job),
}

impl EnqueueOutcome {
    /// The job that there is now.
    #[must_use]
    pub fn into_job(self) -> Job {
        match self {
            Self::Enqueued(job) | Self::AlreadyLive(job) => job,
        }
    }
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
    /// How many of one person may run at a time, those counted that run already.
    pub most_per_user: u16,
    /// How long the leases last without a heartbeat.
    pub lease_for: Duration,
}

/// A sign of life of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// What the run holds.
    pub lease: Lease,
    /// How long it is to last from now.
    pub lease_for: Duration,
    /// How many jobs of one person may run at a time: what has to wait for others of its own waits for nobody else.
    pub most_per_user: u16,
    /// How long a job that could run waits before that counts as waiting for a worker: longer than a free one takes to look.
    pub patience: Duration,
}

/// How many jobs of one person run at a time: somebody who has four accounts read leaves room for others.
pub const MOST_PER_USER: u16 = 2;

/// What became of a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatOutcome {
    /// The lease lasts.
    Held {
        /// A job has waited longer than a free worker takes to look, and would be taken before this one, were it given back.
        others_wait: bool,
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
