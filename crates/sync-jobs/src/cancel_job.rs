//! Somebody wants a job to be called off.

use std::sync::Arc;

use cortex_kernel::StoreError;
use thiserror::Error;

use crate::model::{Asker, Cancellation, Job, JobStatus};
use crate::ports::{JobQueue, LiveJobs};

/// Calls jobs off. A run that goes on somewhere can write nothing more, and stops before its next page.
pub struct CancelJob {
    jobs: Arc<dyn JobQueue>,
    live: Arc<dyn LiveJobs>,
}

/// Nothing was called off.
#[derive(Debug, Error)]
pub enum CancelJobError {
    /// There is no such job, or it is somebody else's business.
    #[error("there is no such job")]
    NotFound,
    /// It ended before.
    #[error("the job is {0}")]
    Ended(JobStatus),
    /// The database could not be asked, or did not take it.
    #[error("the job could not be called off")]
    Store(#[from] StoreError),
}

impl CancelJob {
    /// Finds jobs in `jobs` and calls them off in `live`.
    #[must_use]
    pub fn new(jobs: Arc<dyn JobQueue>, live: Arc<dyn LiveJobs>) -> Self {
        Self { jobs, live }
    }

    /// Calls a job off; somebody else's only for who `may_cancel_others`.
    pub async fn cancel(&self, cancellation: &Cancellation, may_cancel_others: bool) -> Result<Job, CancelJobError> {
        let Cancellation { company_id, id, by, .. } = cancellation;
        let job = self.jobs.find_job(*company_id, *id).await?;
        let is_his = |job: &Job| *by == Asker::Member(job.user_id) || may_cancel_others;
        let job = job.filter(is_his).ok_or(CancelJobError::NotFound)?;
        if job.status.is_final() {
            return Err(CancelJobError::Ended(job.status));
        }
        if let Some(cancelled) = self.live.call_off_job(cancellation).await? {
            return Ok(cancelled);
        }
        // It ended meanwhile.
        let job = self.jobs.find_job(*company_id, *id).await?.ok_or(CancelJobError::NotFound)?;
        Err(CancelJobError::Ended(job.status))
    }
}

#[cfg(test)]
mod tests {
    use cortex_kernel::{Origin, UserId};
    use rstest::rstest;

    use super::*;
    use crate::ports::{MockJobQueue, MockLiveJobs};
    use crate::testing::{COMPANY_A, USER_2, a_job};

    fn cancel_job(status: JobStatus, called_off: Option<Job>) -> CancelJob {
        let mut jobs = MockJobQueue::new();
        jobs.expect_find_job().returning(move |_, _| Ok(Some(Job { status, ..a_job() })));
        let mut live = MockLiveJobs::new();
        live.expect_call_off_job().returning(move |_| Ok(called_off.clone()));
        CancelJob::new(Arc::new(jobs), Arc::new(live))
    }

    fn by(user_id: UserId) -> Cancellation {
        Cancellation { company_id: COMPANY_A, id: a_job().id, by: Asker::Member(user_id), origin: Origin::default() }
    }

    #[rstest]
    #[case::his_own(a_job().user_id, false, true)]
    #[case::a_colleagues(USER_2, false, false)]
    #[case::a_colleagues_by_who_may(USER_2, true, true)]
    #[tokio::test]
    async fn who_may_calls_off(#[case] user_id: UserId, #[case] may_cancel_others: bool, #[case] is_done: bool) {
        let cancelled = Job { status: JobStatus::Cancelled, ..a_job() };

        let outcome = cancel_job(JobStatus::Running, Some(cancelled)).cancel(&by(user_id), may_cancel_others).await;

        match outcome {
            Ok(job) => assert_eq!((job.status, is_done), (JobStatus::Cancelled, true)),
            Err(error) => assert!(matches!(error, CancelJobError::NotFound) && !is_done, "{error:?}"),
        }
    }

    #[rstest]
    #[case(JobStatus::Completed)]
    #[case(JobStatus::Failed)]
    #[case(JobStatus::Cancelled)]
    #[tokio::test]
    async fn what_ended_stays_as_it_is(#[case] status: JobStatus) {
        let outcome = cancel_job(status, None).cancel(&by(a_job().user_id), false).await;

        assert!(matches!(outcome, Err(CancelJobError::Ended(told)) if told == status), "{outcome:?}");
    }
}
