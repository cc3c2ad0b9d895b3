//! One case a bullet of the contract.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{JobId, Lease};
use futures_util::future::join_all;
use uuid::Uuid;

use super::Harness;
use crate::model::{ClaimedJob, Ending, Failure, Job, JobKind, JobStatus, NewJob, Progress};
use crate::ports::{ClaimRequest, EnqueueOutcome, FinishOutcome, Heartbeat, HeartbeatOutcome, JobQueue};
use crate::testing::{COMPANY_A, COMPANY_B, USER_1, USER_2, a_claim, a_new_job, an_account};

// Long beside what a test takes, where time that really passes is added.
const LEASE: Duration = Duration::from_mins(20);
const WAIT: Duration = Duration::from_hours(1);
pub(super) const BLINK: Duration = Duration::from_mins(5);
const PATIENCE: Duration = Duration::from_mins(4);

pub(super) const NOBODY_WAITS: HeartbeatOutcome = HeartbeatOutcome::Held { others_wait: false };
pub(super) const SOMEBODY_WAITS: HeartbeatOutcome = HeartbeatOutcome::Held { others_wait: true };

pub async fn an_enqueued_job_is_found_queued(harness: &impl Harness) {
    let wanted = new_job(harness, 1).await;

    let job = enqueued(harness, &wanted).await;

    let found = find(harness, wanted.id).await;
    assert_eq!(found, job);
    let NewJob { id, company_id, user_id, subject, kind, trigger, triggered_by, max_attempts } = wanted;
    let expected = Job {
        id,
        company_id,
        user_id,
        subject,
        kind,
        status: JobStatus::Queued,
        trigger,
        triggered_by,
        attempt: 0,
        max_attempts,
        progress: Progress::default(),
        failure: None,
        run_after: job.run_after,
        created_at: job.created_at,
        progressed_at: None,
        started_at: None,
        completed_at: None,
    };
    assert_eq!(found, expected);
}

pub async fn a_connection_has_one_live_job_of_a_kind(harness: &impl Harness) {
    let wanted = new_job(harness, 1).await;
    let first = enqueued(harness, &wanted).await;
    let again = NewJob { id: job_id(2), ..wanted.clone() };

    let outcome = queue(harness).enqueue(&again).await.expect("an outcome");
    assert_eq!(outcome, EnqueueOutcome::AlreadyLive(first.clone()));
    enqueued(harness, &NewJob { id: job_id(3), kind: JobKind::Initial, ..wanted.clone() }).await;
    let elsewhere = new_job(harness, 4).await;
    enqueued(harness, &elsewhere).await;

    for _ in 0..2 {
        for claimed in claim(harness, 10).await {
            finish(harness, claimed.lease, &Ending::Completed).await;
        }
    }
    enqueued(harness, &again).await;
}

pub async fn twenty_requests_at_once_make_one_job(harness: &impl Harness) {
    let wanted = new_job(harness, 0).await;
    let wanted: Vec<_> = (1..=20).map(|n| NewJob { id: job_id(n), ..wanted.clone() }).collect();
    let queue = queue(harness);

    let outcomes = join_all(wanted.iter().map(|job| queue.enqueue(job))).await;

    let outcomes: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("no error")).collect();
    let made = outcomes.iter().filter(|outcome| matches!(outcome, EnqueueOutcome::Enqueued(_))).count();
    let ids: HashSet<_> = outcomes.iter().map(|outcome| job_of(outcome).id).collect();
    assert_eq!((made, ids.len()), (1, 1), "{outcomes:?}");
}

pub async fn a_job_for_contents_that_is_asked_for_again_waits_no_longer(harness: &impl Harness) {
    let contents = NewJob { kind: JobKind::Content, ..new_job(harness, 1).await };
    let reading = new_job(harness, 2).await;
    for wanted in [&contents, &reading] {
        enqueued(harness, wanted).await;
    }
    let snoozed = Ending::Snoozed { failure: Failure::new("some_code", "Some sentence."), after: WAIT };
    for claimed in claim(harness, 2).await {
        finish(harness, claimed.lease, &snoozed).await;
    }
    assert_eq!(claim(harness, 2).await, []);

    for (wanted, n) in [(&contents, 3), (&reading, 4)] {
        let again = NewJob { id: job_id(n), ..wanted.clone() };
        let outcome = queue(harness).enqueue(&again).await.expect("an outcome");
        assert!(matches!(outcome, EnqueueOutcome::AlreadyLive(_)), "{outcome:?}");
    }

    let claimed = claim(harness, 2).await;
    assert_eq!(claimed.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [contents.id]);
}

pub async fn another_companys_job_reads_as_absent(harness: &impl Harness) {
    let connection_id = harness.connection(COMPANY_B, USER_1).await;
    let elsewhere = NewJob { company_id: COMPANY_B, subject: an_account(connection_id), ..a_new_job() };
    let outcome = harness.queue(COMPANY_B).enqueue(&elsewhere).await.expect("an outcome");
    assert!(matches!(outcome, EnqueueOutcome::Enqueued(_)), "{outcome:?}");

    for deployment in [COMPANY_A, COMPANY_B] {
        let queue = harness.queue(deployment);
        assert_eq!(queue.find_job(COMPANY_A, elsewhere.id).await.expect("an answer"), None);
        assert_eq!(queue.claim(&claim_request(10)).await.expect("an answer"), []);
    }
}

pub async fn a_claimed_job_is_running_under_a_lease_of_a_new_epoch(harness: &impl Harness) {
    let job = enqueued(harness, &new_job(harness, 1).await).await;

    let first = claim_one(harness).await;
    give_back(harness, first.lease).await;
    let second = claim_one(harness).await;

    assert_eq!((first.lease, second.lease), (lease(job.id, 1), lease(job.id, 2)));
    assert_eq!(first.job.status, JobStatus::Running);
    assert_eq!(find(harness, job.id).await, second.job);
    assert!(second.job.started_at.is_some());
    assert_eq!(second.job.started_at, first.job.started_at);
}

pub async fn twenty_claims_at_once_give_a_job_to_one_worker(harness: &impl Harness) {
    for n in 1..=5 {
        enqueued(harness, &new_job(harness, n).await).await;
    }
    let (queue, request) = (queue(harness), claim_request(2));

    let claims = join_all((0..20).map(|_| queue.claim(&request))).await;

    let taken: Vec<_> = claims.into_iter().flat_map(|claimed| claimed.expect("an answer")).collect();
    let ids: HashSet<_> = taken.iter().map(|claimed| claimed.job.id).collect();
    assert_eq!((taken.len(), ids.len()), (5, 5));
}

pub async fn of_one_person_the_job_that_waits_longest_is_claimed_first(harness: &impl Harness) {
    for n in [5, 1, 3] {
        enqueued(harness, &new_job(harness, n).await).await;
        harness.pass(BLINK).await;
    }

    let order = [claim_one(harness).await, claim_one(harness).await, claim_one(harness).await];

    assert_eq!(order.map(|claimed| claimed.job.id), [job_id(5), job_id(1), job_id(3)]);
}

pub async fn people_take_turns_and_whoever_had_one_longest_ago_comes_first(harness: &impl Harness) {
    for n in [1, 3, 5, 2, 4] {
        enqueued(harness, &new_job(harness, n).await).await;
        harness.pass(BLINK).await;
    }

    let mut order = Vec::new();
    for _ in 0..5 {
        let claimed = claim_one(harness).await;
        order.push(claimed.job.id);
        finish(harness, claimed.lease, &Ending::Completed).await;
        harness.pass(BLINK).await;
    }

    assert_eq!(order, [1, 2, 3, 4, 5].map(job_id));
}

pub async fn nobody_has_more_jobs_run_at_a_time_than_a_claim_allows(harness: &impl Harness) {
    for n in [1, 3, 5, 2] {
        enqueued(harness, &new_job(harness, n).await).await;
        harness.pass(BLINK).await;
    }
    let claim = async || {
        let request = ClaimRequest { most_per_user: 2, ..claim_request(10) };
        let mut claimed = queue(harness).claim(&request).await.expect("an answer");
        claimed.sort_by_key(|claimed| claimed.job.id);
        claimed
    };
    let ids = |claimed: &[ClaimedJob]| claimed.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>();

    let first = claim().await;
    assert_eq!((ids(&first), claim().await), ([1, 2, 3].map(job_id).to_vec(), vec![]));

    finish(harness, first[1].lease, &Ending::Completed).await;
    assert_eq!(claim().await, [], "a colleague's end makes no room");
    finish(harness, first[0].lease, &Ending::Completed).await;
    assert_eq!(ids(&claim().await), [job_id(5)]);
}

pub async fn what_a_lost_worker_left_comes_before_everything_that_waits(harness: &impl Harness) {
    enqueued(harness, &new_job(harness, 1).await).await;
    claim_one(harness).await;
    enqueued(harness, &new_job(harness, 2).await).await;
    harness.pass(LEASE).await;

    assert_eq!(claim_one(harness).await.job.id, job_id(1));
}

pub async fn what_a_lost_worker_left_comes_before_what_waits_of_the_same_person(harness: &impl Harness) {
    let waits_for_long = new_job(harness, 1).await;
    enqueued(harness, &waits_for_long).await;
    harness.pass(BLINK).await;
    enqueued(harness, &NewJob { id: job_id(3), kind: JobKind::Initial, ..waits_for_long }).await;
    let goes_first = claim_one(harness).await;
    enqueued(harness, &new_job(harness, 5).await).await;
    assert_eq!(claim_one(harness).await.job.id, job_id(5));
    finish(harness, goes_first.lease, &Ending::Completed).await;
    harness.pass(LEASE).await;

    let request = ClaimRequest { most_per_user: 1, ..claim_request(10) };
    let claimed = queue(harness).claim(&request).await.expect("an answer");

    assert_eq!(claimed.into_iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [job_id(5)]);
}

pub async fn a_claim_takes_no_more_than_asked(harness: &impl Harness) {
    for n in 1..=3 {
        enqueued(harness, &new_job(harness, n).await).await;
    }

    assert_eq!(claim(harness, 2).await.len(), 2);
    assert_eq!(claim(harness, 2).await.len(), 1);
    assert_eq!(claim(harness, 2).await.len(), 0);
}

pub async fn a_job_that_is_not_due_is_not_claimed(harness: &impl Harness) {
    let claimed = claimed(harness).await;
    finish(harness, claimed.lease, &Ending::Snoozed { failure: failure(), after: WAIT }).await;

    harness.pass(WAIT.saturating_sub(BLINK)).await;
    assert_eq!(claim(harness, 1).await, []);

    harness.pass(BLINK).await;
    assert_eq!(claim(harness, 1).await.len(), 1);
}

pub async fn a_connection_is_read_by_one_job_at_a_time_and_by_its_initial_one_first(harness: &impl Harness) {
    let incremental = new_job(harness, 1).await;
    let initial = NewJob { id: job_id(2), kind: JobKind::Initial, ..incremental.clone() };
    let ids = |claimed: &[ClaimedJob]| claimed.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>();

    enqueued(harness, &incremental).await;
    let first = claim(harness, 10).await;
    enqueued(harness, &initial).await;
    assert_eq!((ids(&first), claim(harness, 10).await), (vec![job_id(1)], vec![]), "the connection is being read");
    give_back(harness, first[0].lease).await;

    let second = claim(harness, 10).await;
    assert_eq!(ids(&second), [job_id(2)], "both are queued");
    finish(harness, second[0].lease, &Ending::Snoozed { failure: failure(), after: WAIT }).await;
    assert_eq!(claim(harness, 10).await, [], "the initial one will go on");
    harness.pass(WAIT).await;

    finish(harness, claim_one(harness).await.lease, &Ending::Completed).await;
    assert_eq!(ids(&claim(harness, 10).await), [job_id(1)]);
}

pub async fn a_heartbeat_keeps_the_lease(harness: &impl Harness) {
    let claimed = claimed(harness).await;

    for _ in 0..3 {
        harness.pass(LEASE.saturating_sub(BLINK)).await;
        assert_eq!(beat(harness, claimed.lease).await, NOBODY_WAITS);
        assert_eq!(claim(harness, 1).await, []);
    }
}

pub async fn a_heartbeat_tells_that_somebody_waits_for_a_worker(harness: &impl Harness) {
    let wanted = new_job(harness, 1).await;
    enqueued(harness, &wanted).await;
    let lease = claim_one(harness).await.lease;
    let beat = async || {
        harness.pass(BLINK).await;
        beat(harness, lease).await
    };

    enqueued(harness, &NewJob { id: job_id(2), kind: JobKind::Initial, ..wanted }).await;
    assert_eq!(beat().await, NOBODY_WAITS, "one that reads the same connection waits for that");

    let colleague = [new_job(harness, 4).await, new_job(harness, 6).await];
    enqueued(harness, &colleague[0]).await;
    assert_eq!(beat().await, SOMEBODY_WAITS);

    let running = claim_one(harness).await;
    assert_eq!(running.job.id, job_id(4));
    enqueued(harness, &colleague[1]).await;
    assert_eq!(beat().await, NOBODY_WAITS, "he has a job run already, and only one may");
}

pub async fn a_heartbeat_does_not_count_the_run_that_it_is_of(harness: &impl Harness) {
    let lease = claimed(harness).await.lease;
    enqueued(harness, &new_job(harness, 3).await).await;
    harness.pass(BLINK).await;

    assert_eq!(beat(harness, lease).await, SOMEBODY_WAITS, "it would run in the place of this one");
}

pub async fn a_heartbeat_tells_of_nobody_who_would_come_later_than_its_own_run(harness: &impl Harness) {
    enqueued(harness, &new_job(harness, 1).await).await;
    let only_one = claim_one(harness).await.lease;
    for n in [2, 4] {
        enqueued(harness, &new_job(harness, n).await).await;
    }
    let colleagues = claim_one(harness).await.lease;
    harness.pass(BLINK).await;
    let allowing_two = |lease| Heartbeat { lease, lease_for: LEASE, most_per_user: 2, patience: PATIENCE };
    let beat = async |lease| queue(harness).heartbeat(COMPANY_A, &allowing_two(lease)).await.expect("an outcome");

    assert_eq!(beat(only_one).await, NOBODY_WAITS, "the colleague has one run already");
    assert_eq!(beat(colleagues).await, SOMEBODY_WAITS, "it would run in the place of his own");
}

pub async fn a_lease_that_ran_out_is_claimed_by_another_and_lost_to_the_first(harness: &impl Harness) {
    let first = claimed(harness).await;
    harness.pass(LEASE).await;

    let second = claim_one(harness).await;

    assert_eq!(second.lease, Lease { job: first.job.id, epoch: first.lease.epoch + 1 });
    assert_eq!(second.job.attempt, 2);
    assert_eq!(beat(harness, first.lease).await, HeartbeatOutcome::LeaseLost);
    assert_eq!(beat(harness, second.lease).await, NOBODY_WAITS);
}

pub async fn a_job_whose_last_attempt_died_is_failed(harness: &impl Harness) {
    let wanted = new_job(harness, 1).await;
    enqueued(harness, &wanted).await;
    for _ in 0..wanted.max_attempts {
        claim_one(harness).await;
        harness.pass(LEASE).await;
    }

    assert_eq!(claim(harness, 1).await, []);

    let job = find(harness, wanted.id).await;
    assert_eq!((job.status, job.failure), (JobStatus::Failed, Some(Failure::worker_lost())));
    assert!(job.completed_at.is_some());
}

pub async fn a_lost_lease_finishes_nothing(harness: &impl Harness) {
    let first = claimed(harness).await;
    harness.pass(LEASE).await;
    let queue = queue(harness);

    let ran_out = queue.finish(COMPANY_A, first.lease, &Ending::Completed).await.expect("an outcome");
    let second = claim_one(harness).await;
    let superseded = queue.finish(COMPANY_A, first.lease, &Ending::Completed).await.expect("an outcome");
    give_back(harness, first.lease).await;

    assert_eq!([ran_out, superseded], [FinishOutcome::LeaseLost, FinishOutcome::LeaseLost]);
    assert_eq!(find(harness, first.job.id).await, second.job);
}

pub async fn a_completed_job_stays_completed(harness: &impl Harness) {
    let claimed = claimed(harness).await;
    finish(harness, claimed.lease, &Ending::Completed).await;

    let again = queue(harness).finish(COMPANY_A, claimed.lease, &Ending::Failed(failure())).await;
    harness.pass(LEASE).await;

    assert_eq!(again.expect("an outcome"), FinishOutcome::LeaseLost);
    assert_eq!(claim(harness, 1).await, []);
    let job = find(harness, claimed.job.id).await;
    assert_eq!((job.status, job.failure), (JobStatus::Completed, None));
    assert!(job.completed_at.is_some());
}

pub async fn a_retry_waits_and_counts_as_an_attempt(harness: &impl Harness) {
    let claimed = claimed(harness).await;

    finish(harness, claimed.lease, &Ending::Retried { failure: failure(), after: WAIT }).await;

    let job = find(harness, claimed.job.id).await;
    assert_eq!((job.status, job.attempt, job.failure), (JobStatus::Queued, 1, Some(failure())));
    assert_eq!(claim(harness, 1).await, []);
    harness.pass(WAIT).await;
    assert_eq!(claim_one(harness).await.job.attempt, 2);
}

pub async fn a_snooze_waits_and_is_no_attempt(harness: &impl Harness) {
    let claimed = claimed(harness).await;

    finish(harness, claimed.lease, &Ending::Snoozed { failure: failure(), after: WAIT }).await;

    let job = find(harness, claimed.job.id).await;
    assert_eq!((job.status, job.attempt, job.failure), (JobStatus::Queued, 0, Some(failure())));
    assert_eq!(claim(harness, 1).await, []);
    harness.pass(WAIT).await;
    assert_eq!(claim_one(harness).await.job.attempt, 1);
}

pub async fn a_failed_job_keeps_its_failure(harness: &impl Harness) {
    let claimed = claimed(harness).await;

    finish(harness, claimed.lease, &Ending::Failed(failure())).await;

    let job = find(harness, claimed.job.id).await;
    assert_eq!((job.status, job.failure), (JobStatus::Failed, Some(failure())));
    assert!(job.completed_at.is_some());
}

pub async fn a_job_given_back_is_queued_at_once_and_is_no_attempt(harness: &impl Harness) {
    let claimed = claimed(harness).await;

    give_back(harness, claimed.lease).await;

    let job = find(harness, claimed.job.id).await;
    assert_eq!((job.status, job.attempt), (JobStatus::Queued, 0));
    assert_eq!(claim_one(harness).await.job.id, job.id);
}

pub async fn who_gives_a_job_back_had_his_turn_until_then(harness: &impl Harness) {
    let first = claimed(harness).await;
    harness.pass(BLINK).await;
    enqueued(harness, &new_job(harness, 2).await).await;
    let second = claim_one(harness).await;
    assert_eq!(second.job.id, job_id(2));
    harness.pass(BLINK).await;

    give_back(harness, second.lease).await;
    harness.pass(BLINK).await;
    give_back(harness, first.lease).await;

    assert_eq!(claim_one(harness).await.job.id, job_id(2), "the other one was served longer");
}

pub async fn a_job_asked_for_again_while_it_runs_is_read_once_more_before_it_completes(harness: &impl Harness) {
    let wanted = new_job(harness, 1).await;
    enqueued(harness, &wanted).await;
    let claimed = claim_one(harness).await;
    let queue = queue(harness);

    let asked = queue.enqueue(&NewJob { id: job_id(2), ..wanted }).await.expect("an outcome");
    let once_more = queue.finish(COMPANY_A, claimed.lease, &Ending::Completed).await.expect("an outcome");
    let running = find(harness, claimed.job.id).await;
    let done = queue.finish(COMPANY_A, claimed.lease, &Ending::Completed).await.expect("an outcome");

    assert_eq!(asked, EnqueueOutcome::AlreadyLive(claimed.job.clone()));
    assert_eq!((once_more, running.status), (FinishOutcome::AskedAgain, JobStatus::Running));
    assert_eq!(done, FinishOutcome::Finished);
    assert_eq!(find(harness, claimed.job.id).await.status, JobStatus::Completed);
}

pub(super) fn queue(harness: &impl Harness) -> Arc<dyn JobQueue> {
    harness.queue(COMPANY_A)
}

pub(super) async fn new_job(harness: &impl Harness, n: u128) -> NewJob {
    let user_id = if n.is_multiple_of(2) { USER_2 } else { USER_1 };
    let connection_id = harness.connection(COMPANY_A, user_id).await;
    NewJob { id: job_id(n), user_id, subject: an_account(connection_id), ..a_new_job() }
}

pub(super) async fn enqueued(harness: &impl Harness, wanted: &NewJob) -> Job {
    match queue(harness).enqueue(wanted).await.expect("an outcome") {
        EnqueueOutcome::Enqueued(job) => job,
        EnqueueOutcome::AlreadyLive(job) => panic!("expected a new job, got {job:?}"),
    }
}

async fn claimed(harness: &impl Harness) -> ClaimedJob {
    enqueued(harness, &new_job(harness, 1).await).await;
    claim_one(harness).await
}

async fn claim(harness: &impl Harness, most: u16) -> Vec<ClaimedJob> {
    queue(harness).claim(&claim_request(most)).await.expect("an answer")
}

pub(super) async fn claim_one(harness: &impl Harness) -> ClaimedJob {
    claim(harness, 1).await.pop().expect("a job to claim")
}

pub(super) async fn finish(harness: &impl Harness, lease: Lease, ending: &Ending) {
    let outcome = queue(harness).finish(COMPANY_A, lease, ending).await.expect("an outcome");
    assert_eq!(outcome, FinishOutcome::Finished);
}

async fn give_back(harness: &impl Harness, lease: Lease) {
    queue(harness).give_back(COMPANY_A, lease).await.expect("an answer");
}

pub(super) async fn find(harness: &impl Harness, id: JobId) -> Job {
    queue(harness).find_job(COMPANY_A, id).await.expect("an answer").expect("the job")
}

/// A sign of life of a run, where one job of a person may run at a time.
pub(super) async fn beat(harness: &impl Harness, lease: Lease) -> HeartbeatOutcome {
    let beat = Heartbeat { lease, lease_for: LEASE, most_per_user: 1, patience: PATIENCE };
    queue(harness).heartbeat(COMPANY_A, &beat).await.expect("an outcome")
}

pub(super) fn claim_request(most: u16) -> ClaimRequest {
    ClaimRequest { most, lease_for: LEASE, ..a_claim() }
}

fn job_of(outcome: &EnqueueOutcome) -> &Job {
    match outcome {
        EnqueueOutcome::Enqueued(job) | EnqueueOutcome::AlreadyLive(job) => job,
    }
}

pub(super) fn job_id(n: u128) -> JobId {
    JobId::new(Uuid::from_u128(n))
}

fn lease(job: JobId, epoch: i64) -> Lease {
    Lease { job, epoch }
}

fn failure() -> Failure {
    Failure::new("broker_unavailable", "The broker is away.")
}
