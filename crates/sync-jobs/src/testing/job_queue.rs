//! The contract of [`JobQueue`], one case a bullet, and what an implementation brings to run them.

mod cases;
mod company_cases;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, UserId};

use super::InMemoryJobQueue;
use crate::ports::JobQueue;

pub use cases::*;
pub use company_cases::*;

/// A fresh, empty queue and a way to steer what is around it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The queue under test, as the deployment of this company uses it.
    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue>;
    /// A connection of the person, for jobs to belong to; each call makes another one.
    async fn connection(&self, company_id: CompanyId, user_id: UserId) -> ConnectionId;
    /// Lets time pass for the jobs.
    async fn pass(&self, time: Duration);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! job_queue_contract {
    ($harness:expr) => {
        $crate::job_queue_contract! { $harness =>
            an_enqueued_job_is_found_queued,
            a_connection_has_one_live_job_of_a_kind,
            twenty_requests_at_once_make_one_job,
            a_job_for_contents_that_is_asked_for_again_waits_no_longer,
            another_companys_job_reads_as_absent,
            a_claimed_job_is_running_under_a_lease_of_a_new_epoch,
            twenty_claims_at_once_give_a_job_to_one_worker,
            of_one_person_the_job_that_waits_longest_is_claimed_first,
            people_take_turns_and_whoever_had_one_longest_ago_comes_first,
            nobody_has_more_jobs_run_at_a_time_than_a_claim_allows,
            what_a_lost_worker_left_comes_before_everything_that_waits,
            what_a_lost_worker_left_comes_before_what_waits_of_the_same_person,
            a_claim_takes_no_more_than_asked,
            a_job_that_is_not_due_is_not_claimed,
            a_connection_is_read_by_one_job_at_a_time_and_by_its_initial_one_first,
            a_heartbeat_keeps_the_lease,
            a_heartbeat_tells_that_somebody_waits_for_a_worker,
            a_heartbeat_does_not_count_the_run_that_it_is_of,
            a_heartbeat_tells_of_nobody_who_would_come_later_than_its_own_run,
            a_lease_that_ran_out_is_claimed_by_another_and_lost_to_the_first,
            a_job_whose_last_attempt_died_is_failed,
            a_lost_lease_finishes_nothing,
            a_completed_job_stays_completed,
            a_retry_waits_and_counts_as_an_attempt,
            a_snooze_waits_and_is_no_attempt,
            a_failed_job_keeps_its_failure,
            a_job_given_back_is_queued_at_once_and_is_no_attempt,
            who_gives_a_job_back_had_his_turn_until_then,
            a_job_asked_for_again_while_it_runs_is_read_once_more_before_it_completes,
            a_job_of_the_company_is_found_queued_without_a_connection,
            the_company_has_one_live_job_of_a_kind_and_period,
            a_job_of_the_company_asked_for_again_while_it_runs_is_done_once_more,
            what_nobody_asked_for_counts_as_a_person_of_its_own,
            a_heartbeat_tells_that_a_job_of_the_company_waits,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::job_queue::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryJobQueue`] under test.
#[derive(Default)]
pub struct InMemoryHarness {
    queue: Arc<InMemoryJobQueue>,
    connections: AtomicI64,
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn queue(&self, _: CompanyId) -> Arc<dyn JobQueue> {
        self.queue.clone()
    }

    async fn connection(&self, _: CompanyId, _: UserId) -> ConnectionId {
        ConnectionId::new(1 + self.connections.fetch_add(1, Ordering::Relaxed))
    }

    async fn pass(&self, time: Duration) {
        self.queue.pass(time);
    }
}
