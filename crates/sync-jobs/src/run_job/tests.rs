//! [`RunJob`] on a queue in memory, or on a mocked one where the queue has to misbehave.

use std::sync::Mutex;

use async_trait::async_trait;
use cortex_kernel::{ConnectionId, JobId, StoreError};
use uuid::Uuid;

use super::*;
use crate::model::{Failure, JobStatus, NewJob};
use crate::ports::MockJobQueue;
use crate::testing::{InMemoryJobQueue, USER_2, a_claim, a_job, a_new_job, an_account};

/// Does what it is told, run by run.
struct Script(Mutex<Vec<Act>>);

enum Act {
    End(Disposition),
    AskAgainAndComplete(Arc<InMemoryJobQueue>),
    CompleteHavingGotOn,
    WaitForInterrupt,
    GetOnAndWaitForInterrupt(Arc<InMemoryJobQueue>),
    Hang,
}

/// Notes when it begins, and when it is interrupted.
struct Watcher(Arc<Mutex<Vec<bool>>>);

#[async_trait]
impl JobRunner for Watcher {
    async fn run(&self, _: &Job, _: Lease, interrupt: &CancellationToken) -> Disposition {
        self.0.lock().unwrap().push(interrupt.is_cancelled());
        interrupt.cancelled().await;
        self.0.lock().unwrap().push(true);
        std::future::pending().await
    }
}

#[async_trait]
impl JobRunner for Script {
    async fn run(&self, job: &Job, _: Lease, interrupt: &CancellationToken) -> Disposition {
        let act = self.0.lock().unwrap().pop().expect("no more runs than were expected");
        match act {
            Act::End(disposition) => disposition,
            Act::CompleteHavingGotOn => {
                assert_eq!(job.progress.pages, 1, "the job is as it stands now");
                Disposition::Completed
            }
            Act::AskAgainAndComplete(queue) => {
                queue.enqueue(&a_new_job()).await.unwrap();
                queue.get_on(job.id);
                Disposition::Completed
            }
            Act::GetOnAndWaitForInterrupt(queue) => {
                queue.get_on(job.id);
                interrupt.cancelled().await;
                Disposition::Interrupted
            }
            Act::WaitForInterrupt => {
                interrupt.cancelled().await;
                Disposition::Interrupted
            }
            Act::Hang => std::future::pending().await,
        }
    }
}

/// The acts in the order in which they happen.
fn script(acts: impl IntoIterator<Item = Act>) -> Arc<Script> {
    let mut acts: Vec<_> = acts.into_iter().collect();
    acts.reverse();
    Arc::new(Script(Mutex::new(acts)))
}

fn run_job(queue: Arc<dyn JobQueue>, script: Arc<Script>) -> RunJob {
    run_job_by(queue, script)
}

fn run_job_by(queue: Arc<dyn JobQueue>, runner: Arc<dyn JobRunner>) -> RunJob {
    let back_off = BackOff { first: Duration::from_secs(10), longest: Duration::from_mins(10) };
    let (lease_for, heartbeat_every) = (Duration::from_mins(1), Duration::from_millis(1));
    let timing =
        Timing { lease_for, heartbeat_every, patience: Duration::from_secs(1), back_off, grace: Duration::ZERO };
    RunJob::new(queue, runner, timing, Box::new(|| 1.0))
}

async fn claimed(queue: &InMemoryJobQueue) -> ClaimedJob {
    queue.enqueue(&a_new_job()).await.unwrap();
    queue.claim(&a_claim()).await.unwrap().remove(0)
}

/// Runs a fresh job by a script and answers the job afterwards.
async fn after(queue: Arc<InMemoryJobQueue>, acts: impl IntoIterator<Item = Act>) -> Job {
    let script = script(acts);
    let claimed = claimed(&queue).await;
    let id = claimed.job.id;

    run_job(queue.clone(), script.clone()).run(claimed, &CancellationToken::new()).await;

    assert!(script.0.lock().unwrap().is_empty(), "every act was played");
    queue.find_job(a_new_job().company_id, id).await.unwrap().unwrap()
}

fn failure() -> Failure {
    Failure::new("some_code", "Some sentence.")
}

#[tokio::test]
async fn a_run_that_read_everything_completes_its_job() {
    let job = after(Arc::default(), [Act::End(Disposition::Completed)]).await;

    assert_eq!(job.status, JobStatus::Completed);
}

#[tokio::test]
async fn a_job_that_was_asked_for_meanwhile_is_run_once_more() {
    let queue = Arc::new(InMemoryJobQueue::default());

    let acts = [Act::AskAgainAndComplete(queue.clone()), Act::CompleteHavingGotOn];
    let job = after(queue, acts).await;

    assert_eq!(job.status, JobStatus::Completed);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_later() {
    let queue = Arc::new(InMemoryJobQueue::default());

    let job = after(queue, [Act::End(Disposition::Failed(JobFailure::Transient(failure())))]).await;

    assert_eq!((job.status, job.failure), (JobStatus::Queued, Some(failure())));
    assert_eq!(job.run_after - job.created_at, time::Duration::seconds(10));
}

#[tokio::test]
async fn what_only_a_person_can_mend_is_given_up() {
    let job = after(Arc::default(), [Act::End(Disposition::Failed(JobFailure::Unauthorised(failure())))]).await;

    assert_eq!((job.status, job.failure), (JobStatus::Failed, Some(failure())));
}

#[tokio::test]
async fn a_job_is_given_back_after_its_page_when_somebody_waits_for_a_worker() {
    let queue = Arc::new(InMemoryJobQueue::default());
    let running = claimed(&queue).await;
    let (id, subject) = (JobId::new(Uuid::from_u128(2)), an_account(ConnectionId::new(2)));
    queue.enqueue(&NewJob { id, subject, user_id: USER_2, ..a_new_job() }).await.unwrap();
    queue.pass(Duration::from_secs(2));

    let run = run_job(queue.clone(), script([Act::GetOnAndWaitForInterrupt(queue.clone())]));
    run.run(running.clone(), &CancellationToken::new()).await;

    let job = queue.find_job(running.job.company_id, running.job.id).await.unwrap().unwrap();
    assert_eq!((job.status, job.attempt, job.progress.pages), (JobStatus::Queued, 0, 1));
}

/// Its preparations may take longer than a heartbeat, every time.
#[tokio::test]
async fn a_job_that_has_not_got_on_gives_way_to_nobody() {
    let (beaten, mut beats) = tokio::sync::mpsc::unbounded_channel();
    let mut queue = MockJobQueue::new();
    queue.expect_heartbeat().returning(move |_, _| {
        beaten.send(()).unwrap();
        Ok(HeartbeatOutcome::Held { others_wait: true })
    });
    queue.expect_find_job().returning(|_, _| Ok(Some(the_third_attempt().job)));
    let interrupted = Arc::new(Mutex::new(Vec::new()));
    let run = run_job_by(Arc::new(queue), Arc::new(Watcher(interrupted.clone())));

    let three_beats = async {
        for _ in 0..3 {
            beats.recv().await;
        }
    };
    let shutdown = CancellationToken::new();
    tokio::select! {
        () = run.run(the_third_attempt(), &shutdown) => panic!("it goes on"),
        () = three_beats => {}
    }

    assert_eq!(*interrupted.lock().unwrap(), [false]);
}

#[tokio::test]
async fn on_shutdown_a_job_that_does_not_stop_in_time_is_given_back_too() {
    let queue = Arc::new(InMemoryJobQueue::default());
    let claimed = claimed(&queue).await;
    let shutdown = CancellationToken::new();
    shutdown.cancel();

    run_job(queue.clone(), script([Act::Hang])).run(claimed.clone(), &shutdown).await;

    let job = queue.find_job(claimed.job.company_id, claimed.job.id).await.unwrap().unwrap();
    assert_eq!((job.status, job.attempt), (JobStatus::Queued, 0));
}

#[test]
fn a_lease_is_kept_by_four_heartbeats() {
    let timing = Timing::of_lease(Duration::from_secs(20), Duration::from_secs(3));

    assert_eq!((timing.lease_for, timing.heartbeat_every), (Duration::from_secs(20), Duration::from_secs(5)));
    assert_eq!(timing.patience, Duration::from_secs(6), "a free worker looks every three seconds");
}

#[tokio::test]
async fn on_shutdown_a_job_is_given_back() {
    let queue = Arc::new(InMemoryJobQueue::default());
    let claimed = claimed(&queue).await;
    let shutdown = CancellationToken::new();
    shutdown.cancel();

    run_job(queue.clone(), script([Act::WaitForInterrupt])).run(claimed.clone(), &shutdown).await;

    let job = queue.find_job(claimed.job.company_id, claimed.job.id).await.unwrap().unwrap();
    assert_eq!((job.status, job.attempt), (JobStatus::Queued, 0));
}

/// `MockJobQueue` without an expectation for `finish` panics when it is called.
#[tokio::test]
async fn a_run_whose_lease_is_lost_is_dropped_and_finishes_nothing() {
    let mut queue = MockJobQueue::new();
    queue.expect_heartbeat().returning(|_, _| Ok(HeartbeatOutcome::LeaseLost));

    let run = run_job(Arc::new(queue), script([Act::Hang]));

    run.run(the_third_attempt(), &CancellationToken::new()).await;
}

#[tokio::test]
async fn a_run_that_finds_its_lease_lost_finishes_nothing() {
    let queue = MockJobQueue::new();

    let run = run_job(Arc::new(queue), script([Act::End(Disposition::LeaseLost)]));

    run.run(the_third_attempt(), &CancellationToken::new()).await;
}

#[tokio::test]
async fn a_run_that_got_on_before_it_failed_has_all_its_attempts_again() {
    let mut queue = MockJobQueue::new();
    queue.expect_find_job().returning(|_, _| Ok(Some(Job { attempt: 1, ..the_third_attempt().job })));
    queue
        .expect_finish()
        .withf(|_, _, ending| matches!(ending, Ending::Retried { after, .. } if *after == Duration::from_secs(10)))
        .once()
        .returning(|_, _, _| Ok(FinishOutcome::Finished));

    let run = run_job(Arc::new(queue), script([Act::End(Disposition::Failed(JobFailure::Transient(failure())))]));

    run.run(the_third_attempt(), &CancellationToken::new()).await;
}

#[tokio::test]
async fn a_heartbeat_that_fails_does_not_end_the_run() {
    let (beaten, mut beats) = tokio::sync::mpsc::unbounded_channel();
    let mut queue = MockJobQueue::new();
    queue.expect_heartbeat().returning(move |_, _| {
        beaten.send(()).unwrap();
        Err(StoreError::Unavailable("gone".into()))
    });
    queue.expect_give_back().once().returning(|_, _| Err(StoreError::Unavailable("gone".into())));
    let run = run_job(Arc::new(queue), script([Act::WaitForInterrupt]));
    let shutdown = CancellationToken::new();

    let two_beats_then_shutdown = async {
        beats.recv().await;
        beats.recv().await;
        shutdown.cancel();
    };

    tokio::join!(run.run(the_third_attempt(), &shutdown), two_beats_then_shutdown);
}

#[tokio::test]
async fn a_run_that_cannot_be_finished_is_left_to_be_rescued() {
    let mut queue = MockJobQueue::new();
    queue.expect_finish().once().returning(|_, _, _| Err(StoreError::Unavailable("gone".into())));

    let run = run_job(Arc::new(queue), script([Act::End(Disposition::Completed)]));

    run.run(the_third_attempt(), &CancellationToken::new()).await;
}

fn the_third_attempt() -> ClaimedJob {
    let job = Job { status: JobStatus::Running, attempt: 3, max_attempts: 3, ..a_job() };
    ClaimedJob { lease: Lease { job: job.id, epoch: 3 }, job }
}
