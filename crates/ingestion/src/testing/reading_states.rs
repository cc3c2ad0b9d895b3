//! The contract of [`ReadingStates`], one case a bullet, and a fake that keeps it.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, StoreError, UserId};
use time::{Duration, OffsetDateTime};

use super::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2};
use crate::model::ReadingState;
use crate::ports::ReadingStates;

/// A fresh, empty store and a way to fill it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of [`COMPANY_A`] uses it.
    fn states(&self) -> Arc<dyn ReadingStates>;
    /// Puts a Gmail connection of the person there that was never read.
    async fn put_connection(&self, company_id: CompanyId, user_id: UserId) -> ConnectionId;
    /// Has the connection begun, and read to the end if it `is_complete`.
    async fn begin(&self, id: ConnectionId, is_complete: bool);
    /// Puts a job of the connection there that ended.
    async fn put_job(&self, id: ConnectionId, is_completed: bool, at: OffsetDateTime);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! reading_states_contract {
    ($harness:expr) => {
        $crate::reading_states_contract! { $harness =>
            a_new_connection_was_never_read_and_may_be,
            a_connection_that_was_begun_may_not_be_begun_again,
            the_last_reading_that_was_completed_counts,
            a_colleagues_connection_is_not_told_of,
            another_companys_connection_is_not_told_of,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::reading_states::$case(&$harness).await;
            }
        )+
    };
}

/// What reading came to, in memory.
#[derive(Debug, Default)]
pub struct InMemoryReadingStates {
    rows: Mutex<Vec<(CompanyId, UserId, ReadingState)>>,
}

/// [`InMemoryReadingStates`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryReadingStates>);

impl InMemoryReadingStates {
    /// Adds the state of a connection of the person.
    pub fn put(&self, company_id: CompanyId, user_id: UserId, state: ReadingState) {
        self.rows().push((company_id, user_id, state));
    }

    fn rows(&self) -> MutexGuard<'_, Vec<(CompanyId, UserId, ReadingState)>> {
        self.rows.lock().expect("nobody panics while holding it")
    }

    fn change(&self, id: ConnectionId, change: impl Fn(&mut ReadingState)) {
        self.rows().iter_mut().map(|(_, _, state)| state).filter(|state| state.connection_id == id).for_each(change);
    }
}

#[async_trait]
impl ReadingStates for InMemoryReadingStates {
    async fn list_own(&self, company_id: CompanyId, user_id: UserId) -> Result<Vec<ReadingState>, StoreError> {
        let rows = self.rows();
        let own = rows.iter().filter(|(company, user, _)| *company == company_id && *user == user_id);
        Ok(own.map(|(_, _, state)| state.clone()).collect())
    }
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn states(&self) -> Arc<dyn ReadingStates> {
        self.0.clone()
    }

    async fn put_connection(&self, company_id: CompanyId, user_id: UserId) -> ConnectionId {
        let connection_id = ConnectionId::new(i64::try_from(self.0.rows().len()).expect("few rows") + 1);
        self.0.put(
            company_id,
            user_id,
            ReadingState { connection_id, last_read_at: None, may_begin: true, is_complete: false },
        );
        connection_id
    }

    async fn begin(&self, id: ConnectionId, is_complete: bool) {
        self.0.change(id, |state| {
            state.may_begin = false;
            state.is_complete = is_complete;
        });
    }

    async fn put_job(&self, id: ConnectionId, is_completed: bool, at: OffsetDateTime) {
        self.0.change(id, |state| {
            if is_completed {
                state.last_read_at = state.last_read_at.max(Some(at));
            }
        });
    }
}

pub async fn a_new_connection_was_never_read_and_may_be(harness: &impl Harness) {
    let connection_id = harness.put_connection(COMPANY_A, USER_1).await;

    let expected = ReadingState { connection_id, last_read_at: None, may_begin: true, is_complete: false };
    assert_eq!(own(harness).await, [expected]);
}

pub async fn a_connection_that_was_begun_may_not_be_begun_again(harness: &impl Harness) {
    let connection_id = harness.put_connection(COMPANY_A, USER_1).await;

    for is_complete in [false, true] {
        harness.begin(connection_id, is_complete).await;
        let expected = ReadingState { connection_id, last_read_at: None, may_begin: false, is_complete };
        assert_eq!(own(harness).await, [expected]);
    }
}

pub async fn the_last_reading_that_was_completed_counts(harness: &impl Harness) {
    let id = harness.put_connection(COMPANY_A, USER_1).await;
    let jobs =
        [(true, NOON - Duration::DAY), (true, NOON), (true, NOON - Duration::HOUR), (false, NOON + Duration::HOUR)];
    for (is_completed, at) in jobs {
        harness.put_job(id, is_completed, at).await;
    }

    assert_eq!(own(harness).await[0].last_read_at, Some(NOON));
}

pub async fn a_colleagues_connection_is_not_told_of(harness: &impl Harness) {
    let id = harness.put_connection(COMPANY_A, USER_2).await;
    harness.put_job(id, true, NOON).await;

    assert_eq!(own(harness).await, []);
}

pub async fn another_companys_connection_is_not_told_of(harness: &impl Harness) {
    harness.put_connection(COMPANY_B, USER_1).await;

    assert_eq!(own(harness).await, []);
}

async fn own(harness: &impl Harness) -> Vec<ReadingState> {
    harness.states().list_own(COMPANY_A, USER_1).await.expect("an answer")
}
