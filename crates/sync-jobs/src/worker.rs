//! The loop that works the queue off.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, StoreError};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::model::ClaimedJob;
use crate::ports::{ClaimRequest, JobQueue, MOST_PER_USER};
use crate::pulse::Pulse;
use crate::run_job::RunJob;

/// Takes jobs from the queue and runs several at a time.
///
/// [`Worker::tick`] is one turn of the loop; [`Worker::run`] only waits and ticks, so that what tests call is what runs.
pub struct Worker {
    queue: Arc<dyn JobQueue>,
    run_job: Arc<RunJob>,
    settings: WorkerSettings,
    running: JoinSet<()>,
    shutdown: CancellationToken,
    pulse: Pulse,
}

/// How a worker works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Whose jobs.
    pub company_id: CompanyId,
    /// The worker's name in rows and logs.
    pub name: String,
    /// How many jobs run at a time.
    pub concurrency: u16,
    /// How long a lease lasts without a heartbeat.
    pub lease_for: Duration,
    /// How long to wait between two looks at the queue, if nothing wakes the worker.
    pub poll_every: Duration,
}

impl Worker {
    /// Makes a worker, which does nothing before it ticks. Once `shutdown` is cancelled it takes no more jobs, and those
    /// that run are given back after their page.
    #[must_use]
    pub fn new(
        queue: Arc<dyn JobQueue>,
        run_job: Arc<RunJob>,
        settings: WorkerSettings,
        shutdown: CancellationToken,
    ) -> Self {
        Self { queue, run_job, settings, running: JoinSet::new(), shutdown, pulse: Pulse::default() }
    }

    /// Where to see that the worker is at work.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Works until shutdown, then waits for what is running. `wake` makes it look at once: what was enqueued in this
    /// process need not wait for the poll.
    pub async fn run(mut self, wake: &Notify) {
        while !self.shutdown.is_cancelled() {
            if let Err(error) = self.tick().await {
                tracing::warn!(%error, "the queue cannot be read");
            }
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                () = wake.notified() => {}
                Some(ended) = self.running.join_next() => note(ended),
                () = tokio::time::sleep(self.settings.poll_every) => {}
            }
        }
        self.drain().await;
    }

    /// Begins as many jobs as are due and there is room for, and answers how many.
    pub async fn tick(&mut self) -> Result<usize, StoreError> {
        self.pulse.beat();
        while let Some(ended) = self.running.try_join_next() {
            note(ended);
        }
        let running = u16::try_from(self.running.len()).unwrap_or(u16::MAX);
        let room = self.settings.concurrency.saturating_sub(running);
        if room == 0 || self.shutdown.is_cancelled() {
            return Ok(0);
        }
        let request = ClaimRequest {
            company_id: self.settings.company_id,
            worker: self.settings.name.clone(),
            most: room,
            most_per_user: MOST_PER_USER,
            lease_for: self.settings.lease_for,
        };
        let claimed = self.queue.claim(&request).await?;
        let count = claimed.len();
        for claimed in claimed {
            self.begin(claimed);
        }
        Ok(count)
    }

    /// Waits for what is running to end.
    pub async fn drain(&mut self) {
        while let Some(ended) = self.running.join_next().await {
            note(ended);
        }
    }

    fn begin(&mut self, claimed: ClaimedJob) {
        let (run_job, shutdown) = (self.run_job.clone(), self.shutdown.clone());
        self.running.spawn(async move { run_job.run(claimed, &shutdown).await });
    }
}

/// A job that panicked keeps its lease until that runs out, and is rescued then.
fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a job panicked: it will be rescued");
    }
}

#[cfg(test)]
mod tests;
