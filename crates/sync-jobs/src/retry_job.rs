//! A job that ended badly is to be done after all.

use std::sync::Arc;

use cortex_kernel::{CompanyId, JobId, Origin, StoreError};
use thiserror::Error;

use crate::model::{
    Account, Asker, CompanyJobRequest, Job, JobKind, JobStatus, JobSubject, SyncRequest, SyncWish, Trigger,
};
use crate::ports::JobQueue;
use crate::start_company_job::StartCompanyJob;
use crate::start_sync::{StartSync, StartSyncError};

/// Makes a new job of what an ended one was to do. The ended one stays as it is.
pub struct RetryJob {
    jobs: Arc<dyn JobQueue>,
    start_sync: Arc<StartSync>,
    start_company_job: Arc<StartCompanyJob>,
}

/// Nothing was made.
#[derive(Debug, Error)]
pub enum RetryJobError {
    /// There is no such job.
    #[error("there is no such job")]
    NotFound,
    /// Only what failed or was called off can be tried again.
    #[error("the job is {0}")]
    NotEndedBadly(JobStatus),
    /// The new one could not be started.
    #[error(transparent)]
    Start(#[from] StartSyncError),
}

impl RetryJob {
    /// Finds jobs in `jobs`, and starts new ones by `start_sync` or, where they are the company's, by `start_company_job`.
    #[must_use]
    pub fn new(jobs: Arc<dyn JobQueue>, start_sync: Arc<StartSync>, start_company_job: Arc<StartCompanyJob>) -> Self {
        Self { jobs, start_sync, start_company_job }
    }

    /// The job, if it can be tried again. Whether its person may still be read for, the caller asks.
    pub async fn find_ended(&self, company_id: CompanyId, id: JobId) -> Result<Job, RetryJobError> {
        let found = self.jobs.find_job(company_id, id).await?.ok_or(RetryJobError::NotFound)?;
        Self::ended(found)
    }

    /// The job that was found, if it can be tried again.
    pub fn ended(found: Job) -> Result<Job, RetryJobError> {
        match found.status {
            JobStatus::Failed | JobStatus::Cancelled => Ok(found),
            status @ (JobStatus::Queued | JobStatus::Running | JobStatus::Completed) => {
                Err(RetryJobError::NotEndedBadly(status))
            }
        }
    }

    /// Tries a job of [`Self::ended`] again: a sync past the lock where an admin of the panel wants it, and as far as the lock
    /// lets a member. What an initial job was to do may be done by now: then an admin's new one reads what changed. Asked
    /// twice at once, it is one new job.
    pub async fn retry(&self, ended: &Job, by: Asker, origin: Origin) -> Result<Job, RetryJobError> {
        match &ended.subject {
            JobSubject::Account(account) => self.retry_sync(ended, *account, by, origin).await,
            JobSubject::Company(period) => {
                let request = CompanyJobRequest {
                    company_id: ended.company_id,
                    kind: ended.kind,
                    period: period.clone(),
                    by,
                    retry_of: Some(ended.id),
                    origin,
                };
                Ok(self.start_company_job.start(request).await?.into_job())
            }
        }
    }

    async fn retry_sync(&self, ended: &Job, account: Account, by: Asker, origin: Origin) -> Result<Job, RetryJobError> {
        let (trigger, triggered_by) = match by {
            Asker::Admin(session_id) => (Trigger::Admin, session_id.to_string()),
            Asker::Member(user_id) => (Trigger::User, user_id.to_string()),
        };
        let request = SyncRequest {
            company_id: ended.company_id,
            user_id: ended.user_id,
            provider: account.provider,
            wish: match by {
                // Whatever lacks still is asked for after it.
                _ if ended.kind != JobKind::Initial => SyncWish::Incremental,
                Asker::Admin(_) => SyncWish::Due,
                Asker::Member(_) => SyncWish::Initial,
            },
            trigger,
            triggered_by: Some(triggered_by),
            retry_of: Some(ended.id),
            origin,
        };
        Ok(self.start_sync.start(request).await?.job)
    }
}

impl From<StoreError> for RetryJobError {
    fn from(error: StoreError) -> Self {
        Self::Start(error.into())
    }
}

#[cfg(test)]
mod tests {
    use cortex_kernel::{AdminSessionId, RandomIds};
    use rstest::rstest;
    use tokio::sync::Notify;
    use uuid::Uuid;

    use super::*;
    use crate::model::{Ending, Failure};
    use crate::ports::{MockJobQueue, MockSyncStarter, StartOutcome};
    use crate::testing::{COMPANY_A, InMemoryJobQueue, USER_1, USER_2, a_claim, a_job, a_new_company_job};

    const SESSION: AdminSessionId = AdminSessionId::new(Uuid::from_u128(9));

    fn with(ended: Option<Job>, starter: MockSyncStarter) -> RetryJob {
        let mut jobs = MockJobQueue::new();
        jobs.expect_find_job().returning(move |_, _| Ok(ended.clone()));
        let start_sync = StartSync::new(Arc::new(starter), Arc::new(RandomIds), Arc::new(Notify::new()), 5);
        RetryJob::new(Arc::new(jobs), Arc::new(start_sync), start_company_job(Arc::default()))
    }

    fn start_company_job(jobs: Arc<InMemoryJobQueue>) -> Arc<StartCompanyJob> {
        Arc::new(StartCompanyJob::new(jobs, Arc::new(RandomIds), Arc::new(Notify::new()), 5))
    }

    async fn retry(use_case: RetryJob) -> Result<Job, RetryJobError> {
        let ended = use_case.find_ended(COMPANY_A, a_job().id).await?;
        use_case.retry(&ended, Asker::Admin(SESSION), Origin::default()).await
    }

    #[rstest]
    #[case(JobStatus::Failed, JobKind::Initial, SyncWish::Due)]
    #[case(JobStatus::Failed, JobKind::Incremental, SyncWish::Incremental)]
    #[case(JobStatus::Cancelled, JobKind::Incremental, SyncWish::Incremental)]
    #[case(JobStatus::Failed, JobKind::Content, SyncWish::Incremental)]
    #[tokio::test]
    async fn what_ended_badly_becomes_a_new_job(
        #[case] status: JobStatus,
        #[case] kind: JobKind,
        #[case] wish: SyncWish,
    ) {
        let ended = Job { kind, status, ..a_job() };
        let mut starter = MockSyncStarter::new();
        let expected = SyncRequest {
            company_id: COMPANY_A,
            user_id: ended.user_id,
            provider: ended.subject.provider().unwrap(),
            wish,
            trigger: Trigger::Admin,
            triggered_by: Some(SESSION.to_string()),
            retry_of: Some(ended.id),
            origin: Origin::default(),
        };
        let new = Job { id: JobId::new(Uuid::from_u128(77)), ..a_job() };
        let answer = new.clone();
        starter
            .expect_start()
            .withf(move |start| start.request == expected)
            .return_once(move |_| Ok(StartOutcome::Started(answer)));

        assert_eq!(retry(with(Some(ended), starter)).await.unwrap(), new);
    }

    #[rstest]
    #[case(JobKind::Initial, SyncWish::Initial)]
    #[case(JobKind::Incremental, SyncWish::Incremental)]
    #[case(JobKind::Content, SyncWish::Incremental)]
    #[tokio::test]
    async fn a_member_passes_no_lock(#[case] kind: JobKind, #[case] wish: SyncWish) {
        let ended = Job { kind, status: JobStatus::Failed, ..a_job() };
        let mut starter = MockSyncStarter::new();
        let by = ended.user_id;
        starter
            .expect_start()
            .withf(move |start| {
                let SyncRequest { wish: wanted, trigger, triggered_by, .. } = &start.request;
                (*wanted, *trigger, triggered_by) == (wish, Trigger::User, &Some(by.to_string()))
            })
            .return_once(|_| Ok(StartOutcome::Started(a_job())));

        let use_case = with(Some(ended.clone()), starter);

        use_case.retry(&ended, Asker::Member(by), Origin::default()).await.unwrap();
    }

    /// `MockSyncStarter` without expectations panics when it is asked anything.
    #[tokio::test]
    async fn a_job_of_the_company_is_done_for_its_period_by_who_wants_it_now() {
        let queue = Arc::new(InMemoryJobQueue::default());
        let ended = queue.enqueue(&a_new_company_job()).await.unwrap().into_job();
        let claimed = queue.claim(&a_claim()).await.unwrap().remove(0);
        let failure = Failure::new("some_code", "Some sentence.");
        queue.finish(COMPANY_A, claimed.lease, &Ending::Failed(failure)).await.unwrap();
        let start_sync =
            StartSync::new(Arc::new(MockSyncStarter::new()), Arc::new(RandomIds), Arc::new(Notify::new()), 5);
        let use_case = RetryJob::new(queue.clone(), Arc::new(start_sync), start_company_job(queue.clone()));

        let ended = use_case.find_ended(COMPANY_A, ended.id).await.unwrap();
        let new = use_case.retry(&ended, Asker::Member(USER_2), Origin::default()).await.unwrap();

        assert_eq!((ended.user_id, new.user_id, &new.subject), (USER_1, USER_2, &ended.subject));
        assert_eq!((new.kind, new.status), (ended.kind, JobStatus::Queued));
        assert_ne!(new.id, ended.id);
        assert_eq!(queue.audited(COMPANY_A), ["job_retried"]);
    }

    #[rstest]
    #[case(JobStatus::Queued)]
    #[case(JobStatus::Running)]
    #[case(JobStatus::Completed)]
    #[tokio::test]
    async fn what_did_not_end_badly_stays_as_it_is(#[case] status: JobStatus) {
        let retried = retry(with(Some(Job { status, ..a_job() }), MockSyncStarter::new())).await;

        assert!(matches!(retried, Err(RetryJobError::NotEndedBadly(told)) if told == status), "{retried:?}");
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_tried() {
        let retried = retry(with(None, MockSyncStarter::new())).await;

        assert!(matches!(retried, Err(RetryJobError::NotFound)), "{retried:?}");
    }
}
