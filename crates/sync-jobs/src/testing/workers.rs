//! The contract of [`Workers`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, Provider, UserId};

use super::{
    COMPANY_A, COMPANY_B, InMemoryJobQueue, USER_1, USER_2, a_claim, a_new_company_job, a_new_job, a_sign, an_account,
};
use crate::model::{Ending, KnownWorker, NewJob, RunningJob, WorkerSign};
use crate::ports::{ClaimRequest, JobQueue, Workers};

// Long beside what a test takes, where time that really passes is added.
const MINUTES: Duration = Duration::from_mins(10);

/// Fresh, empty stores and a way to fill them.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn workers(&self, company_id: CompanyId) -> Arc<dyn Workers>;
    /// The queue in the same database.
    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue>;
    /// Makes a connection.
    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId;
    /// Lets time pass for workers and jobs.
    async fn pass(&self, time: Duration);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! workers_contract {
    ($harness:expr) => {
        $crate::workers_contract! { $harness =>
            a_worker_that_gave_a_sign_is_listed_with_what_it_said,
            a_worker_that_gives_signs_again_keeps_its_beginning,
            a_worker_that_left_is_listed_no_more,
            a_worker_that_was_silent_for_a_day_is_forgotten,
            what_a_worker_runs_is_listed_with_it,
            a_job_of_the_company_that_runs_is_listed_without_a_provider,
            another_companys_workers_are_not_listed,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::workers::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryJobQueue`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryJobQueue>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn workers(&self, _: CompanyId) -> Arc<dyn Workers> {
        self.0.clone()
    }

    fn queue(&self, _: CompanyId) -> Arc<dyn JobQueue> {
        self.0.clone()
    }

    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        self.0.connect(company_id, user_id, provider)
    }

    async fn pass(&self, time: Duration) {
        self.0.pass(time);
    }
}

fn sign(name: &str) -> WorkerSign {
    WorkerSign { name: name.to_owned(), ..a_sign() }
}

async fn note(harness: &impl Harness, sign: &WorkerSign, ago: Duration) {
    harness.workers(COMPANY_A).note(COMPANY_A, sign, ago).await.expect("noted");
}

async fn listed(harness: &impl Harness) -> Vec<KnownWorker> {
    harness.workers(COMPANY_A).list(COMPANY_A).await.expect("an answer")
}

async fn names(harness: &impl Harness) -> Vec<String> {
    listed(harness).await.into_iter().map(|worker| worker.sign.name).collect()
}

pub async fn a_worker_that_gave_a_sign_is_listed_with_what_it_said(harness: &impl Harness) {
    note(harness, &sign("b"), MINUTES).await;
    note(harness, &sign("a"), Duration::ZERO).await;

    let [a, b] = &listed(harness).await[..] else { panic!("two workers") };

    assert_eq!((&a.sign, &b.sign), (&sign("a"), &sign("b")));
    assert!(a.silent_for < MINUTES && b.silent_for >= MINUTES, "{:?} {:?}", a.silent_for, b.silent_for);
    assert!(b.last_tick_at <= a.last_tick_at - MINUTES + Duration::from_mins(1), "{b:?}");
    assert_eq!((a.running.len(), b.running.len()), (0, 0));
}

pub async fn a_worker_that_gives_signs_again_keeps_its_beginning(harness: &impl Harness) {
    note(harness, &sign("a"), Duration::ZERO).await;
    harness.pass(MINUTES).await;
    let before = listed(harness).await.remove(0);

    let grown = WorkerSign { capacity: 9, ..sign("a") };
    note(harness, &grown, Duration::ZERO).await;

    let after = listed(harness).await.remove(0);
    assert_eq!((after.sign, after.started_at), (grown, before.started_at));
    assert!(before.silent_for >= MINUTES && after.silent_for < MINUTES);
}

pub async fn a_worker_that_left_is_listed_no_more(harness: &impl Harness) {
    note(harness, &sign("a"), Duration::ZERO).await;
    note(harness, &sign("b"), Duration::ZERO).await;

    harness.workers(COMPANY_A).forget(COMPANY_A, "a").await.expect("forgotten");
    harness.workers(COMPANY_A).forget(COMPANY_A, "nobody").await.expect("an answer");

    assert_eq!(names(harness).await, ["b"]);
}

pub async fn a_worker_that_was_silent_for_a_day_is_forgotten(harness: &impl Harness) {
    note(harness, &sign("a"), Duration::ZERO).await;
    harness.pass(Duration::from_hours(23)).await;
    note(harness, &sign("b"), Duration::ZERO).await;
    assert_eq!(names(harness).await, ["a", "b"]);

    harness.pass(Duration::from_hours(2)).await;
    note(harness, &sign("b"), Duration::ZERO).await;

    assert_eq!(names(harness).await, ["b"]);
}

pub async fn what_a_worker_runs_is_listed_with_it(harness: &impl Harness) {
    let claim = async |worker: &str, user_id, n| {
        let connection_id = harness.connect(COMPANY_A, user_id, Provider::Gmail).await;
        let id = cortex_kernel::JobId::new(uuid::Uuid::from_u128(n));
        let queue = harness.queue(COMPANY_A);
        queue.enqueue(&NewJob { id, user_id, subject: an_account(connection_id), ..a_new_job() }).await.expect("a job");
        let request = ClaimRequest { worker: worker.to_owned(), lease_for: MINUTES, ..a_claim() };
        queue.claim(&request).await.expect("an answer").pop().expect("a job")
    };
    note(harness, &sign("a"), Duration::ZERO).await;
    note(harness, &sign("b"), Duration::ZERO).await;
    let runs = claim("a", USER_1, 1).await;
    let ended = claim("b", USER_2, 2).await;
    harness.queue(COMPANY_A).finish(COMPANY_A, ended.lease, &Ending::Completed).await.expect("ended");

    let [a, b] = &listed(harness).await[..] else { panic!("two workers") };
    let NewJob { kind, subject, .. } = a_new_job();
    let provider = subject.provider();
    assert_eq!(a.running, [RunningJob { id: runs.job.id, user_id: USER_1, provider, kind }]);
    assert_eq!(b.running, []);

    harness.pass(MINUTES).await;
    assert_eq!(listed(harness).await[0].running, [], "its lease ran out");
}

pub async fn a_job_of_the_company_that_runs_is_listed_without_a_provider(harness: &impl Harness) {
    note(harness, &sign("worker"), Duration::ZERO).await;
    let NewJob { id, user_id, kind, .. } = a_new_company_job();
    harness.queue(COMPANY_A).enqueue(&a_new_company_job()).await.expect("a job");
    harness.queue(COMPANY_A).claim(&a_claim()).await.expect("an answer");

    assert_eq!(listed(harness).await[0].running, [RunningJob { id, user_id, provider: None, kind }]);
}

pub async fn another_companys_workers_are_not_listed(harness: &impl Harness) {
    harness.workers(COMPANY_B).note(COMPANY_B, &sign("theirs"), Duration::ZERO).await.expect("noted");

    for deployment in [COMPANY_A, COMPANY_B] {
        let workers = harness.workers(deployment);
        assert_eq!(workers.list(COMPANY_A).await.expect("an answer"), []);
        workers.forget(COMPANY_A, "theirs").await.expect("an answer");
    }
    assert_eq!(harness.workers(COMPANY_B).list(COMPANY_B).await.expect("an answer").len(), 1);
}
