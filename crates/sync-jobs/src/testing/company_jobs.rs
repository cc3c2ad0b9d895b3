//! The contract of [`CompanyJobs`], one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{AdminSessionId, CompanyId, JobId};
use futures_util::future::join_all;
use uuid::Uuid;

use super::{COMPANY_A, COMPANY_B, InMemoryJobQueue, USER_1, a_claim, a_company_request, a_new_company_job};
use crate::model::{
    Asker, CompanyJobRequest, CompanyJobStart, Ending, Failure, Job, JobKind, JobStatus, JobSubject, NOBODY, NewJob,
    Progress, Trigger,
};
use crate::ports::{CompanyJobs, EnqueueOutcome, JobQueue, LiveJobs};

/// Fresh, empty stores and a way to look at them.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The port under test, as the deployment of this company uses it.
    fn company_jobs(&self, company_id: CompanyId) -> Arc<dyn CompanyJobs>;
    /// The queue in the same database.
    fn queue(&self, company_id: CompanyId) -> Arc<dyn JobQueue>;
    /// What waits and runs in the same database.
    fn live(&self, company_id: CompanyId) -> Arc<dyn LiveJobs>;
    /// The actions of the company's audit rows, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! company_jobs_contract {
    ($harness:expr) => {
        $crate::company_jobs_contract! { $harness =>
            a_start_makes_the_job_of_who_asked_for_it,
            a_start_by_an_admin_makes_a_job_of_nobody,
            while_its_job_is_live_another_start_answers_the_same_one,
            once_its_job_ended_another_start_makes_one,
            an_audit_row_stands_beside_each_start,
            another_try_is_told_as_one,
            the_schedule_makes_one_job_of_a_period_whatever_became_of_it,
            twenty_schedules_at_once_make_one_job,
            what_somebody_asked_for_serves_the_schedule_unless_it_ended_badly,
            what_was_called_off_with_who_left_is_made_by_the_schedule_after_all,
            a_part_that_is_counted_shows_in_the_job,
            a_lost_lease_counts_nothing,
            what_ended_long_ago_is_forgotten_but_for_the_newest_of_its_kind,
            another_companys_jobs_stand_in_no_way,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::company_jobs::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryJobQueue`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryJobQueue>);

#[async_trait]
impl Harness for InMemoryHarness {
    fn company_jobs(&self, _: CompanyId) -> Arc<dyn CompanyJobs> {
        self.0.clone()
    }

    fn queue(&self, _: CompanyId) -> Arc<dyn JobQueue> {
        self.0.clone()
    }

    fn live(&self, _: CompanyId) -> Arc<dyn LiveJobs> {
        self.0.clone()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited(company_id)
    }
}

const SESSION: AdminSessionId = AdminSessionId::new(Uuid::from_u128(9));

fn id(n: u128) -> JobId {
    JobId::new(Uuid::from_u128(n))
}

async fn start(harness: &impl Harness, n: u128, request: CompanyJobRequest) -> EnqueueOutcome {
    let start = CompanyJobStart { request, id: id(n), max_attempts: 3 };
    harness.company_jobs(start.request.company_id).start(&start).await.expect("an outcome")
}

async fn started(harness: &impl Harness, n: u128) -> Job {
    match start(harness, n, a_company_request()).await {
        EnqueueOutcome::Enqueued(job) => job,
        EnqueueOutcome::AlreadyLive(job) => panic!("expected a new job, got {job:?}"),
    }
}

fn by_schedule(n: u128) -> NewJob {
    let (trigger, triggered_by) = (Trigger::Schedule, None);
    NewJob { id: id(n), user_id: NOBODY, trigger, triggered_by, ..a_new_company_job() }
}

async fn schedule(harness: &impl Harness, n: u128) -> Option<Job> {
    harness.company_jobs(COMPANY_A).start_once(&by_schedule(n)).await.expect("an outcome")
}

/// Runs the job that waits, and ends it.
async fn end(harness: &impl Harness, ending: &Ending) {
    let queue = harness.queue(COMPANY_A);
    let claimed = queue.claim(&a_claim()).await.expect("an answer").pop().expect("a job that is due");
    queue.finish(COMPANY_A, claimed.lease, ending).await.expect("an outcome");
}

fn failed() -> Ending {
    Ending::Failed(Failure::new("some_code", "Some sentence."))
}

pub async fn a_start_makes_the_job_of_who_asked_for_it(harness: &impl Harness) {
    let job = started(harness, 1).await;

    let CompanyJobRequest { kind, period, .. } = a_company_request();
    assert_eq!((job.id, job.kind, &job.subject), (id(1), kind, &JobSubject::Company(period)));
    assert_eq!((job.user_id, job.trigger, &job.triggered_by), (USER_1, Trigger::User, &Some(USER_1.to_string())));
    assert_eq!((job.status, job.max_attempts), (JobStatus::Queued, 3));
    assert_eq!(harness.queue(COMPANY_A).find_job(COMPANY_A, id(1)).await.expect("an answer"), Some(job));
}

pub async fn a_start_by_an_admin_makes_a_job_of_nobody(harness: &impl Harness) {
    let request = CompanyJobRequest { by: Asker::Admin(SESSION), ..a_company_request() };

    let job = start(harness, 1, request).await.into_job();

    assert_eq!((job.user_id, job.trigger, job.triggered_by), (NOBODY, Trigger::Admin, Some(SESSION.to_string())));
}

pub async fn while_its_job_is_live_another_start_answers_the_same_one(harness: &impl Harness) {
    let first = started(harness, 1).await;

    assert_eq!(start(harness, 2, a_company_request()).await, EnqueueOutcome::AlreadyLive(first));
    for other in [
        CompanyJobRequest { kind: JobKind::AlertRules, ..a_company_request() },
        CompanyJobRequest { period: "backfill".parse().expect("a short text"), ..a_company_request() },
    ] {
        let n = if other.kind == JobKind::AlertRules { 3 } else { 4 };
        let outcome = start(harness, n, other).await;
        assert!(matches!(outcome, EnqueueOutcome::Enqueued(_)), "{outcome:?}");
    }
}

pub async fn once_its_job_ended_another_start_makes_one(harness: &impl Harness) {
    for (n, ending) in (1..).zip([Ending::Completed, failed()]) {
        started(harness, n).await;
        end(harness, &ending).await;
    }

    started(harness, 3).await;
}

pub async fn an_audit_row_stands_beside_each_start(harness: &impl Harness) {
    start(harness, 1, a_company_request()).await;
    start(harness, 2, a_company_request()).await;
    schedule(harness, 3).await;

    assert_eq!(harness.audited(COMPANY_A).await, ["job_requested", "job_requested"]);
}

pub async fn another_try_is_told_as_one(harness: &impl Harness) {
    start(harness, 1, CompanyJobRequest { retry_of: Some(id(7)), ..a_company_request() }).await;

    assert_eq!(harness.audited(COMPANY_A).await, ["job_retried"]);
}

pub async fn the_schedule_makes_one_job_of_a_period_whatever_became_of_it(harness: &impl Harness) {
    let made = schedule(harness, 1).await.expect("the first one");
    assert_eq!((made.user_id, made.trigger, made.triggered_by), (NOBODY, Trigger::Schedule, None));
    assert_eq!(schedule(harness, 2).await, None, "it waits");
    end(harness, &failed()).await;
    assert_eq!(schedule(harness, 3).await, None, "it failed");

    let next_day = NewJob { subject: JobSubject::Company("next".parse().expect("a short text")), ..by_schedule(4) };
    let company_jobs = harness.company_jobs(COMPANY_A);
    assert!(company_jobs.start_once(&next_day).await.expect("an outcome").is_some());
    end(harness, &Ending::Completed).await;
    let again = company_jobs.start_once(&NewJob { id: id(5), ..next_day }).await.expect("an outcome");
    assert_eq!(again, None, "it is completed");
    let other_kind = NewJob { kind: JobKind::AlertRules, ..by_schedule(6) };
    assert!(company_jobs.start_once(&other_kind).await.expect("an outcome").is_some());
}

pub async fn twenty_schedules_at_once_make_one_job(harness: &impl Harness) {
    let made = join_all((1..=20).map(|n| schedule(harness, n))).await;

    let made: HashSet<_> = made.into_iter().flatten().map(|job| job.id).collect();
    assert_eq!(made.len(), 1, "{made:?}");
}

pub async fn what_somebody_asked_for_serves_the_schedule_unless_it_ended_badly(harness: &impl Harness) {
    started(harness, 1).await;
    assert_eq!(schedule(harness, 2).await, None, "it waits");
    end(harness, &failed()).await;

    assert_eq!(schedule(harness, 3).await.map(|job| job.id), Some(id(3)), "it failed");
    end(harness, &failed()).await;
    started(harness, 4).await;
    end(harness, &Ending::Completed).await;
    assert_eq!(schedule(harness, 5).await, None, "it is completed");
}

/// Programs that know of no such jobs call off what is of nobody, since nobody is no member.
pub async fn what_was_called_off_with_who_left_is_made_by_the_schedule_after_all(harness: &impl Harness) {
    schedule(harness, 1).await.expect("a job");
    let (live, why) = (harness.live(COMPANY_A), Failure::member_inactive());
    assert_eq!(live.call_off(COMPANY_A, &[NOBODY], &why).await.expect("an answer"), 1);

    assert_eq!(schedule(harness, 2).await.map(|job| job.id), Some(id(2)));
    assert_eq!(live.call_off(COMPANY_A, &[NOBODY], &Failure::cancelled()).await.expect("an answer"), 1);
    assert_eq!(schedule(harness, 3).await, None, "somebody did not want it");
}

pub async fn a_part_that_is_counted_shows_in_the_job(harness: &impl Harness) {
    started(harness, 1).await;
    let lease = harness.queue(COMPANY_A).claim(&a_claim()).await.expect("an answer").pop().expect("a job").lease;

    for _ in 0..2 {
        assert!(harness.company_jobs(COMPANY_A).count_part(COMPANY_A, lease).await.expect("an answer"));
    }

    let job = harness.queue(COMPANY_A).find_job(COMPANY_A, id(1)).await.expect("an answer").expect("a job");
    assert_eq!((job.progress, job.progressed_at.is_some()), (Progress { pages: 2, ..Progress::default() }, true));
}

pub async fn a_lost_lease_counts_nothing(harness: &impl Harness) {
    started(harness, 1).await;
    let queue = harness.queue(COMPANY_A);
    let first = queue.claim(&a_claim()).await.expect("an answer").pop().expect("a job").lease;
    queue.give_back(COMPANY_A, first).await.expect("an answer");
    let jobs = harness.company_jobs(COMPANY_A);
    assert!(!jobs.count_part(COMPANY_A, first).await.expect("an answer"), "it waits");

    let second = queue.claim(&a_claim()).await.expect("an answer").pop().expect("a job").lease;

    assert!(!jobs.count_part(COMPANY_A, first).await.expect("an answer"), "somebody else has it");
    assert!(!harness.company_jobs(COMPANY_B).count_part(COMPANY_B, second).await.expect("an answer"));
    let job = queue.find_job(COMPANY_A, id(1)).await.expect("an answer").expect("a job");
    assert_eq!(job.progress.pages, 0);
}

pub async fn what_ended_long_ago_is_forgotten_but_for_the_newest_of_its_kind(harness: &impl Harness) {
    for (n, ending) in (1..).zip([Ending::Completed, failed(), Ending::Completed]) {
        started(harness, n).await;
        end(harness, &ending).await;
    }
    let other = NewJob { kind: JobKind::AlertRules, ..by_schedule(4) };
    let jobs = harness.company_jobs(COMPANY_A);
    jobs.start_once(&other).await.expect("an outcome");
    end(harness, &Ending::Completed).await;
    let forget = async |keep, most| jobs.forget_ended(COMPANY_A, keep, most).await.expect("an answer");

    assert_eq!(forget(Duration::from_hours(1), 10).await, 0, "they are not old");
    let elsewhere = harness.company_jobs(COMPANY_B).forget_ended(COMPANY_B, Duration::ZERO, 10).await;
    assert_eq!(elsewhere.expect("an answer"), 0);
    assert_eq!(
        [forget(Duration::ZERO, 1).await, forget(Duration::ZERO, 10).await, forget(Duration::ZERO, 10).await],
        [1, 1, 0]
    );

    let queue = harness.queue(COMPANY_A);
    let mut left = Vec::new();
    for n in 1..=4 {
        left.extend(queue.find_job(COMPANY_A, id(n)).await.expect("an answer").map(|_| n));
    }
    assert_eq!(left, [3, 4]);
}

pub async fn another_companys_jobs_stand_in_no_way(harness: &impl Harness) {
    let theirs = NewJob { company_id: COMPANY_B, ..by_schedule(1) };
    assert!(harness.company_jobs(COMPANY_B).start_once(&theirs).await.expect("an outcome").is_some());

    assert_eq!(started(harness, 2).await.company_id, COMPANY_A);
    end(harness, &failed()).await;
    assert_eq!(schedule(harness, 3).await.map(|job| job.company_id), Some(COMPANY_A));
}
