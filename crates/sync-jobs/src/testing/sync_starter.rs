//! The contract of [`SyncStarter`], one case a bullet, and what an implementation brings to run them.

mod cases;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, JobId, Provider, UserId};

use super::InMemoryJobQueue;
use crate::model::{Access, Override};
use crate::ports::{JobQueue, SyncStarter};

pub use cases::*;

/// Fresh, empty stores and a way to steer and see what is around them.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn starter(&self, company_id: CompanyId) -> Arc<dyn SyncStarter>;
    /// The queue in the same database.
    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue>;
    /// Makes a connection that was never read.
    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId;
    /// Lets the connection be read, or not.
    async fn set_access(&self, id: ConnectionId, access: Access);
    /// How the lock of the connection stands.
    async fn lock(&self, id: ConnectionId) -> LockView;
    /// Says that some of the connection was read.
    async fn put_cursor(&self, id: ConnectionId);
    /// Whether some of the connection was read.
    async fn has_cursor(&self, id: ConnectionId) -> bool;
    /// Says something about further initial syncs; none is about everybody, or everything.
    async fn put_override(
        &self,
        company_id: CompanyId,
        user_id: Option<UserId>,
        provider: Option<Provider>,
        says: Override,
    );
    /// Takes back whatever was said.
    async fn take_back_overrides(&self);
    /// Counts a committed page on a job.
    async fn get_on(&self, id: JobId);
    /// Lets time pass for the jobs.
    async fn pass(&self, time: Duration);
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// The lock of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockView {
    /// Whether its initial sync is locked.
    pub is_locked: bool,
    /// Whether its initial sync was ever completed.
    pub is_completed: bool,
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! sync_starter_contract {
    ($harness:expr) => {
        $crate::sync_starter_contract! { $harness =>
            without_a_connection_nothing_is_started,
            an_ended_connection_starts_nothing,
            a_connection_that_needs_re_authorization_starts_nothing,
            another_companys_connection_reads_as_absent,
            an_initial_start_makes_a_job_and_locks_the_connection,
            while_its_job_is_live_a_second_start_answers_the_same_job,
            twenty_starts_at_once_make_one_job,
            an_initial_start_begins_at_the_first_record,
            a_completed_initial_sync_stays_locked_and_is_completed,
            a_job_that_fails_before_its_first_page_unlocks,
            a_job_whose_last_attempt_died_before_its_first_page_unlocks,
            a_job_that_fails_after_its_first_page_stays_locked,
            a_leave_is_used_up_by_the_start_that_needs_it,
            the_leave_of_the_company_is_used_up_in_the_place_of_a_word,
            a_refusal_holds_until_it_is_taken_back,
            the_word_about_the_fewest_counts,
            a_colleagues_lock_locks_nobody_else,
            an_incremental_start_takes_no_lock_and_needs_none,
            a_webhook_starts_nothing_before_the_initial_sync_began,
            an_admins_start_passes_the_lock,
            an_audit_row_stands_beside_each_start_that_somebody_asked_for,
            a_retry_is_told_as_one,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::sync_starter::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryJobQueue`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryJobQueue>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn starter(&self, _: CompanyId) -> Arc<dyn SyncStarter> {
        self.0.clone()
    }

    fn queue(&self, _: CompanyId) -> Arc<dyn JobQueue> {
        self.0.clone()
    }

    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        self.0.connect(company_id, user_id, provider)
    }

    async fn set_access(&self, id: ConnectionId, access: Access) {
        self.0.set_access(id, access);
    }

    async fn lock(&self, id: ConnectionId) -> LockView {
        let state = self.0.sync_state(id);
        LockView { is_locked: state.is_locked, is_completed: state.initial_completed }
    }

    async fn put_cursor(&self, id: ConnectionId) {
        self.0.put_cursor(id);
    }

    async fn has_cursor(&self, id: ConnectionId) -> bool {
        self.0.has_cursor(id)
    }

    async fn put_override(
        &self,
        company_id: CompanyId,
        user_id: Option<UserId>,
        provider: Option<Provider>,
        says: Override,
    ) {
        self.0.put_override(company_id, user_id, provider, says);
    }

    async fn take_back_overrides(&self) {
        self.0.take_back_overrides();
    }

    async fn get_on(&self, id: JobId) {
        self.0.get_on(id);
    }

    async fn pass(&self, time: Duration) {
        self.0.pass(time);
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id)
    }
}
