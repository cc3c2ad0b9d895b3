//! An account is to be read.

use std::sync::Arc;

use cortex_kernel::{IdGenerator, JobId, StoreError};
use thiserror::Error;
use tokio::sync::Notify;

use crate::model::{Job, StartRefusal, SyncRequest, SyncStart};
use crate::ports::{StartOutcome, SyncStarter};

/// Makes the job that a request for a sync comes to, and wakes the worker.
pub struct StartSync {
    starter: Arc<dyn SyncStarter>,
    ids: Arc<dyn IdGenerator>,
    wake: Arc<Notify>,
    max_attempts: u32,
}

/// A sync that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedSync {
    /// Its job.
    pub job: Job,
    /// Whether this request made it; else it was queued or running already.
    pub is_new: bool,
}

/// No sync was started.
#[derive(Debug, Error)]
pub enum StartSyncError {
    /// There is no connection to read.
    #[error("the account is not connected")]
    NotConnected,
    /// The provider does not let us in.
    #[error("the account has to be connected again")]
    NeedsReauthorization,
    /// The account was read already, or an admin does not want it.
    #[error("the initial sync is locked")]
    Locked,
    /// Nobody ever had the account read: see [`StartRefusal::NotBegun`].
    #[error("the initial sync was never started")]
    NotBegun,
    /// What is stored could not be read, or the job could not be made.
    #[error("the sync could not be started")]
    Store(#[from] StoreError),
}

impl StartSync {
    /// Starts syncs that may begin `max_attempts` times (at least once) without getting on; `wake` is what the worker of
    /// this process listens to.
    #[must_use]
    pub fn new(starter: Arc<dyn SyncStarter>, ids: Arc<dyn IdGenerator>, wake: Arc<Notify>, max_attempts: u32) -> Self {
        Self { starter, ids, wake, max_attempts }
    }

    /// Starts the sync, or answers the one that does the same.
    pub async fn start(&self, request: SyncRequest) -> Result<StartedSync, StartSyncError> {
        let id = JobId::new(self.ids.new_uuid());
        let start = SyncStart { request, id, max_attempts: self.max_attempts, has_leave: false };
        match self.starter.start(&start).await? {
            StartOutcome::Started(job) => {
                self.wake.notify_one();
                Ok(StartedSync { job, is_new: true })
            }
            StartOutcome::AlreadyLive(job) => Ok(StartedSync { job, is_new: false }),
            StartOutcome::Refused(refusal) => Err(refusal.into()),
        }
    }
}

impl StartSyncError {
    /// Whether the same request may succeed later by itself.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::NotConnected | Self::NeedsReauthorization | Self::Locked | Self::NotBegun => false,
            Self::Store(error) => error.is_transient(),
        }
    }
}

impl From<StartRefusal> for StartSyncError {
    fn from(refusal: StartRefusal) -> Self {
        match refusal {
            StartRefusal::NotConnected => Self::NotConnected,
            StartRefusal::NeedsReauthorization => Self::NeedsReauthorization,
            StartRefusal::Locked | StartRefusal::Blocked => Self::Locked,
            StartRefusal::NotBegun => Self::NotBegun,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use rstest::rstest;
    use uuid::{Uuid, uuid};

    use super::*;
    use crate::ports::MockSyncStarter;
    use crate::testing::{a_job, a_request};

    const ID: Uuid = uuid!("0d000000-0000-4000-8000-000000000007");

    struct Ids;

    impl IdGenerator for Ids {
        fn new_uuid(&self) -> Uuid {
            ID
        }
    }

    /// What starting comes to where the store answers this, and whether the worker was woken.
    async fn started(answer: Result<StartOutcome, StoreError>) -> (Result<StartedSync, StartSyncError>, bool) {
        let mut store = MockSyncStarter::new();
        let expected = SyncStart { request: a_request(), id: JobId::new(ID), max_attempts: 5, has_leave: false };
        store.expect_start().withf(move |start| *start == expected).return_once(move |_| answer);
        let wake = Arc::new(Notify::new());
        let start_sync = StartSync::new(Arc::new(store), Arc::new(Ids), wake.clone(), 5);

        let started = start_sync.start(a_request()).await;

        (started, wake.notified().now_or_never().is_some())
    }

    #[tokio::test]
    async fn a_new_job_wakes_the_worker() {
        let (started, is_woken) = started(Ok(StartOutcome::Started(a_job()))).await;

        assert_eq!((started.unwrap(), is_woken), (StartedSync { job: a_job(), is_new: true }, true));
    }

    #[tokio::test]
    async fn a_job_that_is_live_is_answered() {
        let (started, is_woken) = started(Ok(StartOutcome::AlreadyLive(a_job()))).await;

        assert_eq!((started.unwrap(), is_woken), (StartedSync { job: a_job(), is_new: false }, false));
    }

    #[rstest]
    #[case(Ok(StartOutcome::Refused(StartRefusal::NotConnected)), "the account is not connected", false)]
    #[case(
        Ok(StartOutcome::Refused(StartRefusal::NeedsReauthorization)),
        "the account has to be connected again",
        false
    )]
    #[case(Ok(StartOutcome::Refused(StartRefusal::Locked)), "the initial sync is locked", false)]
    #[case(Ok(StartOutcome::Refused(StartRefusal::Blocked)), "the initial sync is locked", false)]
    #[case(Ok(StartOutcome::Refused(StartRefusal::NotBegun)), "the initial sync was never started", false)]
    #[case(Err(StoreError::Unavailable("gone".into())), "the sync could not be started", true)]
    #[tokio::test]
    async fn what_was_not_started_says_why(
        #[case] answer: Result<StartOutcome, StoreError>,
        #[case] told: &str,
        #[case] is_transient: bool,
    ) {
        let (started, is_woken) = started(answer).await;

        let error = started.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_transient(), is_woken), (told, is_transient, false));
    }
}
