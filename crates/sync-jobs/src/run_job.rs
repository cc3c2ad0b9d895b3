//! One claimed job, from its claim to its end.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::Lease;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::back_off::{BackOff, Jitter};
use crate::ending;
use crate::model::{ClaimedJob, Disposition, Ending, Job, JobFailure};
use crate::ports::{FinishOutcome, Heartbeat, HeartbeatOutcome, JobQueue, JobRunner, MOST_PER_USER};

/// Runs a claimed job, keeps its lease alive meanwhile, and tells the queue how it ended.
///
/// Whatever goes wrong here leaves the job to be rescued: its lease runs out, and somebody else takes it.
pub struct RunJob {
    queue: Arc<dyn JobQueue>,
    runner: Arc<dyn JobRunner>,
    timing: Timing,
    jitter: Box<Jitter>,
}

/// How a run is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a lease lasts without a heartbeat.
    pub lease_for: Duration,
    /// How often there is one; several times within a lease. That long, at least, a run goes on while others wait.
    pub heartbeat_every: Duration,
    /// How long others wait before that counts; see [`Heartbeat::patience`].
    pub patience: Duration,
    /// How long a job waits before it is tried again.
    pub back_off: BackOff,
    /// How long a page may still take once the worker shuts down.
    pub grace: Duration,
}

/// Most failures pass at once, and whoever waits for a broker that is away should not wait much longer than it is.
const BACK_OFF: BackOff = BackOff { first: Duration::from_secs(5), longest: Duration::from_mins(10) };

/// Nobody gives way for less.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(1);

/// Well below what orchestrators give a process to end.
const GRACE: Duration = Duration::from_secs(15);

impl Timing {
    /// The usual timing for leases of this length: a heartbeat every quarter. Free workers look every `poll_every`.
    #[must_use]
    pub fn of_lease(lease_for: Duration, poll_every: Duration) -> Self {
        let patience = SHORTEST_PATIENCE.max(2 * poll_every);
        Self { lease_for, heartbeat_every: lease_for / 4, patience, back_off: BACK_OFF, grace: GRACE }
    }
}

impl RunJob {
    /// Runs jobs of `queue` by `runner`; `jitter` spreads what comes back.
    #[must_use]
    pub fn new(queue: Arc<dyn JobQueue>, runner: Arc<dyn JobRunner>, timing: Timing, jitter: Box<Jitter>) -> Self {
        Self { queue, runner, timing, jitter }
    }

    /// Runs the job until it ended, was lost, or was given back: after its page when others wait for a worker, so that
    /// nobody waits for the end of somebody's backfill, but not before a page got on; and on `shutdown` after its page, or
    /// after the grace that there is for one.
    #[tracing::instrument(name = "job", skip_all, fields(job.id = %claimed.lease.job, job.epoch = claimed.lease.epoch))]
    pub async fn run(&self, claimed: ClaimedJob, shutdown: &CancellationToken) {
        let ClaimedJob { job, lease } = claimed;
        let interrupt = shutdown.child_token();
        tokio::select! {
            () = self.work(&job, lease, &interrupt) => {}
            () = self.keep_lease(&job, lease, &interrupt) => {
                tracing::warn!("the job is somebody else's now: dropped");
            }
            () = self.grace_after(shutdown) => {
                tracing::warn!("the page takes longer than there is time for: given back");
                self.give_back(&job, lease).await;
            }
        }
    }

    async fn work(&self, claimed: &Job, lease: Lease, interrupt: &CancellationToken) {
        let mut job = claimed.clone();
        loop {
            let ending = match self.runner.run(&job, lease, interrupt).await {
                Disposition::LeaseLost => return,
                Disposition::Interrupted => return self.give_back(&job, lease).await,
                Disposition::Completed => Ending::Completed,
                Disposition::Failed(failure) => self.ending_of(failure, &job).await,
            };
            match self.queue.finish(job.company_id, lease, &ending).await {
                Ok(FinishOutcome::AskedAgain) => job = self.stored(job).await,
                Ok(FinishOutcome::Finished) => {
                    tracing::info!(?ending, "the run ended");
                    return;
                }
                Ok(FinishOutcome::LeaseLost) => return,
                Err(error) => {
                    tracing::error!(%error, ?ending, "the run ended and could not be finished: it will be rescued");
                    return;
                }
            }
        }
    }

    /// Comes back only when the lease is lost. A heartbeat that fails is no loss yet: the next one may go through, and
    /// if none does, every write is refused anyway.
    async fn keep_lease(&self, job: &Job, lease: Lease, interrupt: &CancellationToken) {
        let Timing { lease_for, patience, .. } = self.timing;
        let beat = Heartbeat { lease, lease_for, most_per_user: MOST_PER_USER, patience };
        let mut beats = interval(self.timing.heartbeat_every);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beats.tick().await;
        loop {
            beats.tick().await;
            match self.queue.heartbeat(job.company_id, &beat).await {
                Ok(HeartbeatOutcome::Held { others_wait: false }) => {}
                Ok(HeartbeatOutcome::Held { others_wait: true }) => {
                    // One that has not got on yet would begin anew each time, and never end.
                    if self.stored(job.clone()).await.progress.pages > job.progress.pages {
                        interrupt.cancel();
                    }
                }
                Ok(HeartbeatOutcome::LeaseLost) => return,
                Err(error) => tracing::warn!(%error, "a heartbeat failed"),
            }
        }
    }

    /// The attempts are those that are stored: pages committed in this run may have made it the first again.
    async fn ending_of(&self, failure: JobFailure, claimed: &Job) -> Ending {
        let job = self.stored(claimed.clone()).await;
        ending::of_failure(failure, &job, &self.timing.back_off, (self.jitter)())
    }

    /// The job as it stands now, or as it was known where that cannot be read.
    async fn stored(&self, known: Job) -> Job {
        self.queue.find_job(known.company_id, known.id).await.ok().flatten().unwrap_or(known)
    }

    async fn grace_after(&self, shutdown: &CancellationToken) {
        shutdown.cancelled().await;
        sleep(self.timing.grace).await;
    }

    async fn give_back(&self, job: &Job, lease: Lease) {
        if let Err(error) = self.queue.give_back(job.company_id, lease).await {
            tracing::warn!(%error, "the job could not be given back: it will be rescued");
        }
    }
}

#[cfg(test)]
mod tests;
