//! Something is to be made of what the company knows.

use std::sync::Arc;

use cortex_kernel::{CompanyId, IdGenerator, JobId, StoreError};
use tokio::sync::Notify;

use crate::model::{CompanyJobRequest, CompanyJobStart, Job, JobKind, JobSubject, NOBODY, NewJob, Period, Trigger};
use crate::ports::{CompanyJobs, EnqueueOutcome};

/// Makes jobs of the company, and wakes the worker.
pub struct StartCompanyJob {
    jobs: Arc<dyn CompanyJobs>,
    ids: Arc<dyn IdGenerator>,
    wake: Arc<Notify>,
    max_attempts: u32,
}

impl StartCompanyJob {
    /// Makes jobs that may begin `max_attempts` times (at least once) without getting on; `wake` is what the worker of
    /// this process listens to.
    #[must_use]
    pub fn new(jobs: Arc<dyn CompanyJobs>, ids: Arc<dyn IdGenerator>, wake: Arc<Notify>, max_attempts: u32) -> Self {
        Self { jobs, ids, wake, max_attempts }
    }

    /// Makes the job that somebody wants, or answers the one that does the same.
    pub async fn start(&self, request: CompanyJobRequest) -> Result<EnqueueOutcome, StoreError> {
        let start = CompanyJobStart { request, id: self.new_id(), max_attempts: self.max_attempts };
        let outcome = self.jobs.start(&start).await?;
        if let EnqueueOutcome::Enqueued(_) = outcome {
            self.wake.notify_one();
        }
        Ok(outcome)
    }

    /// Makes the job of a period that nobody has to ask for, unless there is no need.
    pub async fn start_once(
        &self,
        company_id: CompanyId,
        kind: JobKind,
        period: Period,
    ) -> Result<Option<Job>, StoreError> {
        let job = NewJob {
            id: self.new_id(),
            company_id,
            user_id: NOBODY,
            subject: JobSubject::Company(period),
            kind,
            trigger: Trigger::Schedule,
            triggered_by: None,
            max_attempts: self.max_attempts,
        };
        let made = self.jobs.start_once(&job).await?;
        if made.is_some() {
            self.wake.notify_one();
        }
        Ok(made)
    }

    fn new_id(&self) -> JobId {
        JobId::new(self.ids.new_uuid())
    }
}

#[cfg(test)]
mod tests {
    use cortex_kernel::RandomIds;
    use futures_util::FutureExt as _;

    use super::*;
    use crate::testing::{COMPANY_A, InMemoryJobQueue, a_company_request};

    #[tokio::test]
    async fn a_new_job_wakes_the_worker_and_one_that_is_live_does_not() {
        let wake = Arc::new(Notify::new());
        let jobs = Arc::new(InMemoryJobQueue::default());
        let start_job = StartCompanyJob::new(jobs, Arc::new(RandomIds), wake.clone(), 5);
        let is_woken = || wake.notified().now_or_never().is_some();

        let first = start_job.start(a_company_request()).await.unwrap().into_job();
        assert_eq!((first.max_attempts, is_woken()), (5, true));

        let second = start_job.start(a_company_request()).await.unwrap();
        assert_eq!((second, is_woken()), (EnqueueOutcome::AlreadyLive(first), false));
    }

    #[tokio::test]
    async fn a_period_has_one_job_that_nobody_asked_for() {
        let wake = Arc::new(Notify::new());
        let jobs = Arc::new(InMemoryJobQueue::default());
        let start_job = StartCompanyJob::new(jobs, Arc::new(RandomIds), wake.clone(), 5);
        let start = async || {
            let period = "2026-03-02".parse().unwrap();
            let made = start_job.start_once(COMPANY_A, JobKind::Summaries, period).await.unwrap();
            (made.map(|job| (job.user_id, job.trigger)), wake.notified().now_or_never().is_some())
        };

        assert_eq!(start().await, (Some((NOBODY, Trigger::Schedule)), true));
        assert_eq!(start().await, (None, false));
    }
}
