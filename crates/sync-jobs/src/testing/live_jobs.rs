//! The contracts of [`LiveJobs`] and [`ActiveMembers`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, JobId, Origin, Provider, UserId};
use uuid::Uuid;

use super::{COMPANY_A, COMPANY_B, InMemoryJobQueue, USER_1, USER_2, a_claim, a_new_company_job, a_new_job, a_request};
use crate::model::{
    Account, Asker, Cancellation, Ending, Failure, Job, JobKind, JobStatus, JobSubject, NOBODY, NewJob, SyncStart,
    Trigger,
};
use crate::ports::{
    ActiveMembers, FinishOutcome, Heartbeat, HeartbeatOutcome, JobQueue, LiveJobs, StartOutcome, SyncStarter,
};

/// Fresh, empty stores and a way to fill them.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn live(&self, company_id: CompanyId) -> Arc<dyn LiveJobs>;
    /// The queue in the same database.
    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue>;
    /// How syncs start in the same database.
    fn starter(&self, company_id: CompanyId) -> Arc<dyn SyncStarter>;
    /// Makes a connection.
    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId;
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Fresh members and a way to add one.
#[async_trait]
pub trait MemberHarness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn members(&self, company_id: CompanyId) -> Arc<dyn ActiveMembers>;
    /// Puts a person into a company; one who is not active was deactivated.
    async fn put(&self, company_id: CompanyId, user_id: UserId, is_active: bool);
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! live_jobs_contract {
    ($harness:expr) => {
        $crate::live_jobs_contract! { $harness =>
            people_whose_jobs_wait_or_run_are_told_each_once,
            what_waits_or_runs_for_a_person_is_called_off_at_once_and_a_colleagues_goes_on,
            a_run_that_is_called_off_can_write_nothing_any_more,
            a_job_that_is_called_off_before_its_first_page_unlocks,
            one_job_is_called_off_by_itself_once_with_an_audit_row,
            a_job_of_the_company_is_called_off_with_who_asked_for_it_or_by_itself,
            nobody_is_none_of_the_people,
            another_companys_jobs_are_not_told_of_and_not_called_off,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::live_jobs::$case(&$harness).await;
            }
        )+
    };
}

/// The same for [`ActiveMembers`] and a [`MemberHarness`].
#[macro_export]
macro_rules! active_members_contract {
    ($harness:expr) => {
        $crate::live_jobs_contract! { $harness =>
            of_several_people_the_active_members_are_told,
            members_of_another_company_are_none,
        }
    };
}

/// [`InMemoryJobQueue`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryJobQueue>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn live(&self, _: CompanyId) -> Arc<dyn LiveJobs> {
        self.0.clone()
    }

    fn queue(&self, _: CompanyId) -> Arc<dyn JobQueue> {
        self.0.clone()
    }

    fn starter(&self, _: CompanyId) -> Arc<dyn SyncStarter> {
        self.0.clone()
    }

    async fn connect(&self, company_id: CompanyId, user_id: UserId, provider: Provider) -> ConnectionId {
        self.0.connect(company_id, user_id, provider)
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id)
    }
}

fn why() -> Failure {
    Failure::new("some_code", "Some sentence.")
}

async fn put(harness: &impl Harness, company_id: CompanyId, user_id: UserId, provider: Provider, n: u128) -> JobId {
    let connection_id = harness.connect(company_id, user_id, provider).await;
    let id = JobId::new(Uuid::from_u128(n));
    let subject = JobSubject::Account(Account { connection_id, provider });
    let job = NewJob { id, company_id, user_id, subject, ..a_new_job() };
    harness.queue(company_id).enqueue(&job).await.expect("a job");
    id
}

async fn job(harness: &impl Harness, id: JobId) -> Job {
    harness.queue(COMPANY_A).find_job(COMPANY_A, id).await.expect("an answer").expect("a job")
}

pub async fn people_whose_jobs_wait_or_run_are_told_each_once(harness: &impl Harness) {
    put(harness, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    put(harness, COMPANY_A, USER_1, Provider::Outlook, 2).await;
    let ended = harness.queue(COMPANY_A).claim(&a_claim()).await.expect("an answer").pop().expect("a job");
    harness.queue(COMPANY_A).finish(COMPANY_A, ended.lease, &Ending::Completed).await.expect("ended");
    put(harness, COMPANY_A, USER_2, Provider::Gmail, 3).await;

    let mut people = harness.live(COMPANY_A).list_people(COMPANY_A).await.expect("an answer");

    people.sort();
    assert_eq!(people, [USER_1, USER_2]);
}

pub async fn what_waits_or_runs_for_a_person_is_called_off_at_once_and_a_colleagues_goes_on(harness: &impl Harness) {
    let runs = put(harness, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    harness.queue(COMPANY_A).claim(&a_claim()).await.expect("an answer").pop().expect("a job");
    let waits = put(harness, COMPANY_A, USER_1, Provider::Outlook, 2).await;
    let colleagues = put(harness, COMPANY_A, USER_2, Provider::Gmail, 3).await;

    let called_off = harness.live(COMPANY_A).call_off(COMPANY_A, &[USER_1], &why()).await.expect("an answer");

    assert_eq!(called_off, 2);
    for id in [runs, waits] {
        let job = job(harness, id).await;
        assert_eq!((job.status, job.failure), (JobStatus::Cancelled, Some(why())));
        assert!(job.completed_at.is_some());
    }
    assert_eq!(job(harness, colleagues).await.status, JobStatus::Queued);
    let again = harness.live(COMPANY_A).call_off(COMPANY_A, &[USER_1], &why()).await.expect("an answer");
    assert_eq!(again, 0);
}

pub async fn a_run_that_is_called_off_can_write_nothing_any_more(harness: &impl Harness) {
    put(harness, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    let queue = harness.queue(COMPANY_A);
    let claimed = queue.claim(&a_claim()).await.expect("an answer").pop().expect("a job");

    harness.live(COMPANY_A).call_off(COMPANY_A, &[USER_1], &why()).await.expect("an answer");

    let beat = Heartbeat {
        lease: claimed.lease,
        lease_for: Duration::from_hours(1),
        most_per_user: 1,
        patience: Duration::ZERO,
    };
    let beat = queue.heartbeat(COMPANY_A, &beat).await.expect("an answer");
    assert_eq!(beat, HeartbeatOutcome::LeaseLost);
    let finished = queue.finish(COMPANY_A, claimed.lease, &Ending::Completed).await.expect("an answer");
    assert_eq!(finished, FinishOutcome::LeaseLost);
}

pub async fn a_job_that_is_called_off_before_its_first_page_unlocks(harness: &impl Harness) {
    harness.connect(COMPANY_A, USER_1, Provider::Gmail).await;
    let start =
        |n| SyncStart { request: a_request(), id: JobId::new(Uuid::from_u128(n)), max_attempts: 3, has_leave: false };
    let starter = harness.starter(COMPANY_A);
    let first = starter.start(&start(1)).await.expect("an outcome");
    assert!(matches!(first, StartOutcome::Started(ref job) if job.kind == JobKind::Initial), "{first:?}");

    harness.live(COMPANY_A).call_off(COMPANY_A, &[USER_1], &why()).await.expect("an answer");

    let again = starter.start(&start(2)).await.expect("an outcome");
    assert!(matches!(again, StartOutcome::Started(_)), "{again:?}");
}

pub async fn one_job_is_called_off_by_itself_once_with_an_audit_row(harness: &impl Harness) {
    let mine = put(harness, COMPANY_A, USER_1, Provider::Gmail, 1).await;
    let other = put(harness, COMPANY_A, USER_1, Provider::Outlook, 2).await;
    let call_off = async || harness.live(COMPANY_A).call_off_job(&a_cancellation(mine)).await.expect("an answer");

    let called_off = call_off().await.expect("it waits");

    assert_eq!((called_off.status, called_off.failure), (JobStatus::Cancelled, Some(Failure::cancelled())));
    assert_eq!(job(harness, mine).await.status, JobStatus::Cancelled);
    assert_eq!(job(harness, other).await.status, JobStatus::Queued);
    assert_eq!(call_off().await, None);
    assert_eq!(harness.audited(COMPANY_A).await, ["sync_cancelled"]);
}

pub async fn a_job_of_the_company_is_called_off_with_who_asked_for_it_or_by_itself(harness: &impl Harness) {
    let wanted = a_new_company_job();
    let enqueue = async |id| {
        let wanted = NewJob { id, ..wanted.clone() };
        harness.queue(COMPANY_A).enqueue(&wanted).await.expect("a job");
        id
    };

    let first = enqueue(wanted.id).await;
    assert_eq!(harness.live(COMPANY_A).list_people(COMPANY_A).await.expect("an answer"), [USER_1]);
    assert_eq!(harness.live(COMPANY_A).call_off(COMPANY_A, &[USER_1], &why()).await.expect("an answer"), 1);
    assert_eq!(job(harness, first).await.status, JobStatus::Cancelled);

    let second = enqueue(JobId::new(Uuid::from_u128(2))).await;
    let called_off = harness.live(COMPANY_A).call_off_job(&a_cancellation(second)).await.expect("an answer");
    assert_eq!(called_off.map(|job| (job.status, job.subject)), Some((JobStatus::Cancelled, wanted.subject)));
    assert_eq!(harness.audited(COMPANY_A).await, ["job_cancelled"]);
}

pub async fn nobody_is_none_of_the_people(harness: &impl Harness) {
    let by_schedule = NewJob { user_id: NOBODY, trigger: Trigger::Schedule, triggered_by: None, ..a_new_company_job() };
    harness.queue(COMPANY_A).enqueue(&by_schedule).await.expect("a job");

    assert_eq!(harness.live(COMPANY_A).list_people(COMPANY_A).await.expect("an answer"), []);
}

fn a_cancellation(id: JobId) -> Cancellation {
    Cancellation { company_id: COMPANY_A, id, by: Asker::Member(USER_1), origin: Origin::default() }
}

pub async fn another_companys_jobs_are_not_told_of_and_not_called_off(harness: &impl Harness) {
    let theirs = put(harness, COMPANY_B, USER_1, Provider::Gmail, 1).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let live = harness.live(deployment);
        assert_eq!(live.call_off_job(&a_cancellation(theirs)).await.expect("an answer"), None);
        assert_eq!(live.list_people(COMPANY_A).await.expect("an answer"), []);
        assert_eq!(live.call_off(COMPANY_A, &[USER_1], &why()).await.expect("an answer"), 0);
    }
    assert_eq!(harness.live(COMPANY_B).list_people(COMPANY_B).await.expect("an answer"), [USER_1]);
}

pub async fn of_several_people_the_active_members_are_told(harness: &impl MemberHarness) {
    harness.put(COMPANY_A, USER_1, true).await;
    harness.put(COMPANY_A, USER_2, false).await;
    let stranger = UserId::new(Uuid::from_u128(99));

    let active = harness.members(COMPANY_A).list_active_among(COMPANY_A, &[stranger, USER_2, USER_1]).await;

    assert_eq!(active.expect("an answer"), [USER_1]);
    assert_eq!(harness.members(COMPANY_A).list_active_among(COMPANY_A, &[]).await.expect("an answer"), []);
}

pub async fn members_of_another_company_are_none(harness: &impl MemberHarness) {
    harness.put(COMPANY_B, USER_1, true).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let active = harness.members(deployment).list_active_among(COMPANY_A, &[USER_1]).await;
        assert_eq!(active.expect("an answer"), []);
    }
}
