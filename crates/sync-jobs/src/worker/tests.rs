//! [`Worker`] on a queue in memory.

use async_trait::async_trait;
use cortex_kernel::{ConnectionId, JobId, Lease};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::back_off::BackOff;
use crate::model::{Disposition, Job, JobStatus, NewJob};
use crate::ports::{JobRunner, MockJobQueue};
use crate::run_job::Timing;
use crate::testing::{COMPANY_A, InMemoryJobQueue, a_new_job, an_account};

const LONG: Duration = Duration::from_hours(1);

/// Says which job began, and works until it is interrupted or released.
struct Runner {
    began: mpsc::UnboundedSender<JobId>,
    release: Arc<Notify>,
}

struct Panics;

#[async_trait]
impl JobRunner for Runner {
    async fn run(&self, job: &Job, _: Lease, interrupt: &CancellationToken) -> Disposition {
        self.began.send(job.id).unwrap();
        tokio::select! {
            () = interrupt.cancelled() => Disposition::Interrupted,
            () = self.release.notified() => Disposition::Completed,
        }
    }
}

#[async_trait]
impl JobRunner for Panics {
    async fn run(&self, _: &Job, _: Lease, _: &CancellationToken) -> Disposition {
        panic!("as told")
    }
}

/// A worker for two jobs at a time, and what is around it.
struct Scene {
    worker: Worker,
    queue: Arc<InMemoryJobQueue>,
    began: mpsc::UnboundedReceiver<JobId>,
    release: Arc<Notify>,
    shutdown: CancellationToken,
}

async fn scene(jobs: u128) -> Scene {
    let queue = Arc::new(InMemoryJobQueue::default());
    for n in 1..=jobs {
        enqueue(&queue, n).await;
    }
    let (sender, began) = mpsc::unbounded_channel();
    let (release, shutdown) = (Arc::new(Notify::new()), CancellationToken::new());
    let runner = Runner { began: sender, release: release.clone() };
    Scene { worker: worker(queue.clone(), runner, &shutdown), queue, began, release, shutdown }
}

fn worker(queue: Arc<dyn JobQueue>, runner: impl JobRunner + 'static, shutdown: &CancellationToken) -> Worker {
    let back_off = BackOff { first: LONG, longest: LONG };
    let timing = Timing { lease_for: LONG, heartbeat_every: LONG, patience: LONG, back_off, grace: LONG };
    let run_job = RunJob::new(queue.clone(), Arc::new(runner), timing, Box::new(|| 0.0));
    let settings = WorkerSettings {
        company_id: COMPANY_A,
        name: "worker".to_owned(),
        concurrency: 2,
        lease_for: LONG,
        poll_every: LONG,
    };
    Worker::new(queue, Arc::new(run_job), settings, shutdown.clone())
}

async fn enqueue(queue: &InMemoryJobQueue, n: u128) {
    let subject = an_account(ConnectionId::new(i64::try_from(n).unwrap()));
    queue.enqueue(&NewJob { id: id(n), subject, ..a_new_job() }).await.unwrap();
}

async fn status(queue: &InMemoryJobQueue, n: u128) -> JobStatus {
    queue.find_job(COMPANY_A, id(n)).await.unwrap().unwrap().status
}

fn id(n: u128) -> JobId {
    JobId::new(Uuid::from_u128(n))
}

#[tokio::test]
async fn a_tick_takes_as_many_jobs_as_there_is_room_for() {
    let mut scene = scene(3).await;

    assert_eq!(scene.worker.tick().await.unwrap(), 2);
    assert_eq!(scene.worker.tick().await.unwrap(), 0);

    scene.began.recv().await;
    scene.began.recv().await;
    scene.release.notify_waiters();
    scene.worker.drain().await;
    assert_eq!(scene.worker.tick().await.unwrap(), 1);
    assert_eq!(status(&scene.queue, 1).await, JobStatus::Completed);
    assert_eq!(status(&scene.queue, 2).await, JobStatus::Completed);
    assert_eq!(status(&scene.queue, 3).await, JobStatus::Running);
}

#[tokio::test]
async fn a_worker_that_is_woken_looks_at_once() {
    let Scene { worker, queue, mut began, shutdown, .. } = scene(0).await;
    let wake = Notify::new();

    let visitor = async {
        enqueue(&queue, 1).await;
        wake.notify_one();
        assert_eq!(began.recv().await, Some(id(1)));
        shutdown.cancel();
    };

    tokio::join!(worker.run(&wake), visitor);
    assert_eq!(status(&queue, 1).await, JobStatus::Queued);
}

#[tokio::test]
async fn a_job_that_ends_makes_room_for_the_next_one_at_once() {
    let Scene { worker, queue, mut began, release, shutdown } = scene(3).await;
    let wake = Notify::new();

    let visitor = async {
        began.recv().await;
        began.recv().await;
        release.notify_one();
        assert_eq!(began.recv().await, Some(id(3)));
        shutdown.cancel();
    };

    tokio::join!(worker.run(&wake), visitor);
    assert_eq!(status(&queue, 3).await, JobStatus::Queued, "given back on shutdown");
}

#[tokio::test]
async fn a_worker_that_ticked_has_a_pulse() {
    let mut scene = scene(0).await;
    let pulse = scene.worker.pulse();
    assert!(!pulse.beats(LONG), "it never ticked");

    scene.worker.tick().await.unwrap();

    assert!(pulse.beats(LONG));
    assert!(pulse.last_tick().is_some_and(|tick| tick.elapsed() < LONG));
}

#[tokio::test]
async fn a_worker_that_is_shut_down_takes_nothing() {
    let mut scene = scene(1).await;
    scene.shutdown.cancel();

    assert_eq!(scene.worker.tick().await.unwrap(), 0);
    assert_eq!(status(&scene.queue, 1).await, JobStatus::Queued);
}

#[tokio::test]
async fn a_job_that_panics_takes_nobody_with_it() {
    let queue = Arc::new(InMemoryJobQueue::default());
    enqueue(&queue, 1).await;
    let mut worker = worker(queue.clone(), Panics, &CancellationToken::new());

    worker.tick().await.unwrap();
    worker.drain().await;

    assert_eq!(status(&queue, 1).await, JobStatus::Running, "until its lease runs out");
    enqueue(&queue, 2).await;
    assert_eq!(worker.tick().await.unwrap(), 1);
}

#[tokio::test]
async fn a_queue_that_is_away_is_said_so() {
    let mut queue = MockJobQueue::new();
    queue.expect_claim().returning(|_| Err(StoreError::Unavailable("gone".into())));

    let ticked = worker(Arc::new(queue), Panics, &CancellationToken::new()).tick().await;

    assert!(matches!(ticked, Err(StoreError::Unavailable(_))), "{ticked:?}");
}
