//! One case a bullet of the contract.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::collections::HashSet;
use std::time::Duration;

use cortex_kernel::{ConnectionId, JobId, Provider};
use futures_util::future::join_all;
use uuid::Uuid;

use super::{Harness, LockView};
use crate::model::{
    Access, ClaimedJob, Ending, Failure, Job, JobKind, JobStatus, Override, Progress, StartRefusal, SyncRequest,
    SyncStart, SyncWish, Trigger,
};
use crate::ports::{ClaimRequest, FinishOutcome, StartOutcome};
use crate::testing::{COMPANY_A, COMPANY_B, USER_1, USER_2, a_claim, a_request, an_account};

// Long beside what a test takes, where time that really passes is added.
const LEASE: Duration = Duration::from_mins(20);
const LATER: Duration = Duration::from_hours(1);

const UNTOUCHED: LockView = LockView { is_locked: false, is_completed: false };
const LOCKED: LockView = LockView { is_locked: true, is_completed: false };
const COMPLETED: LockView = LockView { is_locked: true, is_completed: true };

pub async fn without_a_connection_nothing_is_started(harness: &impl Harness) {
    harness.connect(COMPANY_A, USER_1, Provider::Outlook).await;
    harness.connect(COMPANY_A, USER_2, Provider::Gmail).await;

    for wish in [SyncWish::Initial, SyncWish::Incremental, SyncWish::Due] {
        assert_eq!(start(harness, 1, wish).await, StartOutcome::Refused(StartRefusal::NotConnected));
    }

    assert_eq!(harness.queue(COMPANY_A).find_job(COMPANY_A, job_id(1)).await.expect("an answer"), None);
}

pub async fn an_ended_connection_starts_nothing(harness: &impl Harness) {
    let connection = connect(harness).await;
    harness.set_access(connection, Access::Ended).await;

    let outcome = start(harness, 1, SyncWish::Initial).await;

    assert_eq!(outcome, StartOutcome::Refused(StartRefusal::NotConnected));
    assert_eq!(harness.lock(connection).await, UNTOUCHED);
}

pub async fn a_connection_that_needs_re_authorization_starts_nothing(harness: &impl Harness) {
    let connection = connect(harness).await;
    harness.set_access(connection, Access::NeedsReauthorization).await;

    for wish in [SyncWish::Initial, SyncWish::Incremental] {
        assert_eq!(start(harness, 1, wish).await, StartOutcome::Refused(StartRefusal::NeedsReauthorization));
    }

    assert_eq!(harness.lock(connection).await, UNTOUCHED);
    assert_eq!(claim(harness).await, []);
}

pub async fn another_companys_connection_reads_as_absent(harness: &impl Harness) {
    let elsewhere = harness.connect(COMPANY_B, USER_1, Provider::Gmail).await;
    harness.put_override(COMPANY_B, None, None, Override::Block).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        let outcome = harness.starter(deployment).start(&a_start(1, a_request())).await.expect("an answer");
        assert_eq!(outcome, StartOutcome::Refused(StartRefusal::NotConnected));
    }
    connect(harness).await;
    started(harness, 1, SyncWish::Initial).await;

    assert_eq!(harness.lock(elsewhere).await, UNTOUCHED);
}

pub async fn an_initial_start_makes_a_job_and_locks_the_connection(harness: &impl Harness) {
    let connection = connect(harness).await;

    let job = started(harness, 1, SyncWish::Initial).await;

    let expected = Job {
        id: job_id(1),
        company_id: COMPANY_A,
        user_id: USER_1,
        subject: an_account(connection),
        kind: JobKind::Initial,
        status: JobStatus::Queued,
        trigger: Trigger::User,
        triggered_by: Some(USER_1.to_string()),
        attempt: 0,
        max_attempts: 2,
        progress: Progress::default(),
        failure: None,
        ..job.clone()
    };
    assert_eq!(job, expected);
    assert_eq!(harness.queue(COMPANY_A).find_job(COMPANY_A, job.id).await.expect("an answer"), Some(job));
    assert_eq!(harness.lock(connection).await, LOCKED);
}

pub async fn while_its_job_is_live_a_second_start_answers_the_same_job(harness: &impl Harness) {
    let connection = connect(harness).await;
    let first = started(harness, 1, SyncWish::Initial).await;

    assert_eq!(start(harness, 2, SyncWish::Initial).await, StartOutcome::AlreadyLive(first));
    let claimed = claim_one(harness).await;
    assert_eq!(start(harness, 3, SyncWish::Initial).await, StartOutcome::AlreadyLive(claimed.job));

    assert_eq!(harness.lock(connection).await, LOCKED);
}

pub async fn twenty_starts_at_once_make_one_job(harness: &impl Harness) {
    let connection = connect(harness).await;
    let starts: Vec<_> = (1..=20).map(|n| a_start(n, a_request())).collect();
    let starter = harness.starter(COMPANY_A);

    let outcomes = join_all(starts.iter().map(|start| starter.start(start))).await;

    let outcomes: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("no error")).collect();
    let made = outcomes.iter().filter(|outcome| matches!(outcome, StartOutcome::Started(_))).count();
    let ids: HashSet<_> = outcomes.iter().map(|outcome| job_of(outcome).id).collect();
    assert_eq!((made, ids.len()), (1, 1), "{outcomes:?}");
    assert_eq!(harness.lock(connection).await, LOCKED);
}

pub async fn an_initial_start_begins_at_the_first_record(harness: &impl Harness) {
    let connection = connect(harness).await;
    let colleagues = harness.connect(COMPANY_A, USER_2, Provider::Gmail).await;
    harness.put_cursor(connection).await;
    harness.put_cursor(colleagues).await;

    started(harness, 1, SyncWish::Incremental).await;
    assert!(harness.has_cursor(connection).await);
    started(harness, 2, SyncWish::Initial).await;

    assert!(!harness.has_cursor(connection).await);
    assert!(harness.has_cursor(colleagues).await);
}

pub async fn a_completed_initial_sync_stays_locked_and_is_completed(harness: &impl Harness) {
    let connection = connect(harness).await;
    started(harness, 1, SyncWish::Initial).await;

    end(harness, Ending::Completed).await;

    assert_eq!(harness.lock(connection).await, COMPLETED);
    assert_eq!(start(harness, 2, SyncWish::Initial).await, StartOutcome::Refused(StartRefusal::Locked));
}

pub async fn a_job_that_fails_before_its_first_page_unlocks(harness: &impl Harness) {
    let connection = connect(harness).await;
    started(harness, 1, SyncWish::Initial).await;

    end(harness, Ending::Retried { failure: failure(), after: Duration::ZERO }).await;
    assert_eq!(harness.lock(connection).await, LOCKED, "it will be tried again");
    end(harness, Ending::Failed(failure())).await;

    assert_eq!(harness.lock(connection).await, UNTOUCHED);
    started(harness, 2, SyncWish::Initial).await;
}

pub async fn a_job_whose_last_attempt_died_before_its_first_page_unlocks(harness: &impl Harness) {
    let connection = connect(harness).await;
    let job = started(harness, 1, SyncWish::Initial).await;
    for _ in 0..2 {
        claim_one(harness).await;
        harness.pass(LATER).await;
    }

    assert_eq!(claim(harness).await, []);

    let job = harness.queue(COMPANY_A).find_job(COMPANY_A, job.id).await.expect("an answer").expect("the job");
    assert_eq!(job.status, JobStatus::Failed);
    assert_eq!(harness.lock(connection).await, UNTOUCHED);
}

pub async fn a_job_that_fails_after_its_first_page_stays_locked(harness: &impl Harness) {
    let connection = connect(harness).await;
    let job = started(harness, 1, SyncWish::Initial).await;
    harness.get_on(job.id).await;

    end(harness, Ending::Failed(failure())).await;

    assert_eq!(harness.lock(connection).await, LOCKED);
    assert_eq!(start(harness, 2, SyncWish::Initial).await, StartOutcome::Refused(StartRefusal::Locked));
}

pub async fn a_leave_is_used_up_by_the_start_that_needs_it(harness: &impl Harness) {
    connect(harness).await;
    harness.put_override(COMPANY_A, Some(USER_1), Some(Provider::Gmail), Override::Allow).await;
    for n in [1, 2] {
        started(harness, n, SyncWish::Initial).await;
        end(harness, Ending::Completed).await;
    }

    assert_eq!(start(harness, 3, SyncWish::Initial).await, StartOutcome::Refused(StartRefusal::Locked));

    assert_eq!(
        harness.audited(COMPANY_A).await,
        ["sync_triggered", "override_consumed", "sync_triggered"],
        "the first start needed no leave"
    );
}

pub async fn the_leave_of_the_company_is_used_up_in_the_place_of_a_word(harness: &impl Harness) {
    connect(harness).await;
    started(harness, 1, SyncWish::Initial).await;
    end(harness, Ending::Completed).await;
    let by_leave = async |n| {
        let start = SyncStart { has_leave: true, ..a_start(n, a_request()) };
        harness.starter(COMPANY_A).start(&start).await.expect("an answer")
    };

    assert!(matches!(by_leave(2).await, StartOutcome::Started(_)));

    let audited = harness.audited(COMPANY_A).await;
    assert_eq!(audited, ["sync_triggered", "override_consumed", "sync_triggered"]);
    end(harness, Ending::Completed).await;
    harness.put_override(COMPANY_A, None, None, Override::Block).await;
    assert_eq!(by_leave(3).await, StartOutcome::Refused(StartRefusal::Blocked), "a word of our own counts for more");
}

pub async fn a_refusal_holds_until_it_is_taken_back(harness: &impl Harness) {
    let connection = connect(harness).await;
    harness.put_override(COMPANY_A, None, None, Override::Block).await;

    for n in [1, 2] {
        assert_eq!(start(harness, n, SyncWish::Initial).await, StartOutcome::Refused(StartRefusal::Blocked));
    }
    assert_eq!(harness.lock(connection).await, UNTOUCHED);
    started(harness, 3, SyncWish::Incremental).await;
    harness.take_back_overrides().await;

    started(harness, 4, SyncWish::Initial).await;
}

pub async fn the_word_about_the_fewest_counts(harness: &impl Harness) {
    connect(harness).await;
    let blocked = StartOutcome::Refused(StartRefusal::Blocked);
    let say = |user, provider, says| harness.put_override(COMPANY_A, user, provider, says);

    say(None, None, Override::Block).await;
    say(Some(USER_2), Some(Provider::Gmail), Override::Allow).await;
    say(Some(USER_1), Some(Provider::Outlook), Override::Allow).await;
    assert_eq!(start(harness, 1, SyncWish::Initial).await, blocked, "the others are about somebody or something else");

    say(None, Some(Provider::Gmail), Override::Allow).await;
    started(harness, 1, SyncWish::Initial).await;
    end(harness, Ending::Failed(failure())).await;

    say(Some(USER_1), None, Override::Block).await;
    assert_eq!(start(harness, 2, SyncWish::Initial).await, blocked);

    say(Some(USER_1), Some(Provider::Gmail), Override::Allow).await;
    started(harness, 2, SyncWish::Initial).await;
}

pub async fn a_colleagues_lock_locks_nobody_else(harness: &impl Harness) {
    let own = connect(harness).await;
    let colleagues = harness.connect(COMPANY_A, USER_2, Provider::Gmail).await;
    started(harness, 1, SyncWish::Initial).await;

    let request = SyncRequest { user_id: USER_2, ..a_request() };
    let outcome = harness.starter(COMPANY_A).start(&a_start(2, request)).await.expect("an answer");

    assert_eq!(job_of(&outcome).subject, an_account(colleagues));
    assert!(matches!(outcome, StartOutcome::Started(_)), "{outcome:?}");
    end(harness, Ending::Failed(failure())).await;
    assert_eq!((harness.lock(own).await, harness.lock(colleagues).await), (UNTOUCHED, LOCKED));
}

pub async fn an_incremental_start_takes_no_lock_and_needs_none(harness: &impl Harness) {
    let connection = connect(harness).await;
    let first = started(harness, 1, SyncWish::Incremental).await;
    assert_eq!((first.kind, harness.lock(connection).await), (JobKind::Incremental, UNTOUCHED));
    assert_eq!(start(harness, 2, SyncWish::Incremental).await, StartOutcome::AlreadyLive(first));
    end(harness, Ending::Failed(failure())).await;

    started(harness, 3, SyncWish::Initial).await;
    started(harness, 4, SyncWish::Incremental).await;

    assert_eq!(harness.lock(connection).await, LOCKED);
}

pub async fn a_webhook_starts_nothing_before_the_initial_sync_began(harness: &impl Harness) {
    connect(harness).await;
    let by_itself =
        SyncRequest { wish: SyncWish::Incremental, trigger: Trigger::Webhook, triggered_by: None, ..a_request() };
    let by_itself = a_start(1, by_itself);
    let starter = harness.starter(COMPANY_A);

    let too_early = starter.start(&by_itself).await.expect("an answer");
    started(harness, 2, SyncWish::Initial).await;
    let in_time = starter.start(&by_itself).await.expect("an answer");

    assert_eq!(too_early, StartOutcome::Refused(StartRefusal::NotBegun));
    assert_eq!((job_of(&in_time).kind, job_of(&in_time).trigger), (JobKind::Incremental, Trigger::Webhook));
}

pub async fn an_admins_start_passes_the_lock(harness: &impl Harness) {
    let connection = connect(harness).await;
    let job = started(harness, 1, SyncWish::Initial).await;
    harness.get_on(job.id).await;
    end(harness, Ending::Failed(failure())).await;
    assert_eq!(start(harness, 2, SyncWish::Initial).await, StartOutcome::Refused(StartRefusal::Locked));

    let again = started(harness, 2, SyncWish::Due).await;
    end(harness, Ending::Completed).await;
    let then = started(harness, 3, SyncWish::Due).await;

    assert_eq!((again.kind, then.kind), (JobKind::Initial, JobKind::Incremental));
    assert_eq!(harness.lock(connection).await, COMPLETED);
}

pub async fn an_audit_row_stands_beside_each_start_that_somebody_asked_for(harness: &impl Harness) {
    start(harness, 1, SyncWish::Initial).await;
    assert_eq!(harness.audited(COMPANY_A).await, Vec::<String>::new(), "nothing was started");

    connect(harness).await;
    started(harness, 1, SyncWish::Initial).await;
    start(harness, 2, SyncWish::Initial).await;
    let by_time =
        SyncRequest { wish: SyncWish::Incremental, trigger: Trigger::Schedule, triggered_by: None, ..a_request() };
    harness.starter(COMPANY_A).start(&a_start(3, by_time)).await.expect("an answer");

    assert_eq!(harness.audited(COMPANY_A).await, ["sync_triggered", "sync_triggered"]);
}

pub async fn a_retry_is_told_as_one(harness: &impl Harness) {
    connect(harness).await;
    let first = started(harness, 1, SyncWish::Incremental).await;
    end(harness, Ending::Failed(failure())).await;

    let request = SyncRequest { wish: SyncWish::Incremental, retry_of: Some(first.id), ..a_request() };
    let outcome = harness.starter(COMPANY_A).start(&a_start(2, request)).await.expect("an answer");

    assert!(matches!(outcome, StartOutcome::Started(_)), "{outcome:?}");
    assert_eq!(harness.audited(COMPANY_A).await, ["sync_triggered", "job_retried"]);
}

async fn connect(harness: &impl Harness) -> ConnectionId {
    harness.connect(COMPANY_A, USER_1, Provider::Gmail).await
}

async fn start(harness: &impl Harness, n: u128, wish: SyncWish) -> StartOutcome {
    let trigger = if wish == SyncWish::Due { Trigger::Admin } else { Trigger::User };
    let request = SyncRequest { wish, trigger, ..a_request() };
    harness.starter(COMPANY_A).start(&a_start(n, request)).await.expect("an answer")
}

async fn started(harness: &impl Harness, n: u128, wish: SyncWish) -> Job {
    match start(harness, n, wish).await {
        StartOutcome::Started(job) => job,
        other => panic!("not started: {other:?}"),
    }
}

async fn claim(harness: &impl Harness) -> Vec<ClaimedJob> {
    harness.queue(COMPANY_A).claim(&ClaimRequest { lease_for: LEASE, ..a_claim() }).await.expect("an answer")
}

async fn claim_one(harness: &impl Harness) -> ClaimedJob {
    claim(harness).await.pop().expect("a job that is due")
}

/// Runs the job that waits longest, and ends it like this.
async fn end(harness: &impl Harness, ending: Ending) {
    let lease = claim_one(harness).await.lease;
    let outcome = harness.queue(COMPANY_A).finish(COMPANY_A, lease, &ending).await.expect("an answer");
    assert_eq!(outcome, FinishOutcome::Finished);
}

fn a_start(n: u128, request: SyncRequest) -> SyncStart {
    SyncStart { request, id: job_id(n), max_attempts: 2, has_leave: false }
}

fn job_of(outcome: &StartOutcome) -> &Job {
    match outcome {
        StartOutcome::Started(job) | StartOutcome::AlreadyLive(job) => job,
        StartOutcome::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}

fn job_id(n: u128) -> JobId {
    JobId::new(Uuid::from_u128(n))
}

fn failure() -> Failure {
    Failure::new("some_code", "Some sentence.")
}
