//! How soon a job begins: when nothing else is to be done, and while all workers are at work on long ones.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cortex_kernel::{JobId, Lease, UserId};
use cortex_postgres::Pool;
use cortex_postgres::stores::PgJobQueue;
use cortex_sync_jobs::back_off::BackOff;
use cortex_sync_jobs::model::{Disposition, Job};
use cortex_sync_jobs::ports::{CancellationToken, ClaimRequest, JobQueue, JobRunner, MOST_PER_USER};
use cortex_sync_jobs::run_job::{RunJob, Timing};
use cortex_sync_jobs::worker::{Worker, WorkerSettings};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::line;
use crate::world::{COMPANY, World};

/// Reads small accounts at once, and large ones page by page without an end.
struct Accounts {
    large: Vec<JobId>,
    /// Where the pages of large ones are counted, as their documents would be.
    pages: Pool,
    began: mpsc::UnboundedSender<(JobId, Instant)>,
}

/// A worker at work on its own runtime's tasks.
struct AtWork {
    queue: Arc<PgJobQueue>,
    wake: Arc<Notify>,
    began: mpsc::UnboundedReceiver<(JobId, Instant)>,
    stop: CancellationToken,
    working: tokio::task::JoinHandle<()>,
}

/// Beside others' records, as a worker process reads them.
const CONCURRENCY: u16 = 4;
/// A page of a large account.
const PAGE: Duration = Duration::from_millis(50);
/// A quarter of it is how long a large account is read while others wait: a tenth of what deployments have.
const LEASE: Duration = Duration::from_secs(2);
/// As deployments have it.
const POLL: Duration = Duration::from_millis(500);

#[async_trait]
impl JobRunner for Accounts {
    async fn run(&self, job: &Job, _: Lease, interrupt: &CancellationToken) -> Disposition {
        if !self.large.contains(&job.id) {
            // Whoever asked may have gone.
            let _ = self.began.send((job.id, Instant::now()));
            return Disposition::Completed;
        }
        let mut pages = job.progress.pages;
        while !interrupt.is_cancelled() {
            tokio::time::sleep(PAGE).await;
            pages += 1;
            let count = format!("update sync_jobs set progress = '{{\"pages\": {pages}}}' where id = '{}'", job.id);
            let counted = self.pages.run(async |session: &mut AsyncPgConnection| session.batch_execute(&count).await);
            counted.await.unwrap();
        }
        Disposition::Interrupted
    }
}

pub(crate) async fn measure(world: &World, is_measured: bool) {
    let times = if is_measured { 200 } else { 2 };
    world.queue(0).await;
    let claim = claim_alone(world, times).await;
    line(&format!("limit: the claim of one job, alone       {}", told(claim)));
    let mut idle = AtWork::begin(world, Vec::new());
    let woken = idle.starts(world, times, true).await;
    line(&format!("idle, asked in the worker's own process  {}, {:.2} of limit", told(woken), ratio(claim, woken)));
    let polled = idle.starts(world, times.min(30), false).await;
    line(&format!("idle, asked elsewhere (every {POLL:?})     {}", told(polled)));
    idle.end().await;

    // Twice as many backfills as there is room for, each of somebody else.
    let pool = world.pool(1);
    let mut large = Vec::new();
    for n in 0..2 * u128::from(CONCURRENCY) {
        large.push(world.put_job(&pool, UserId::new(Uuid::from_u128(1_000 + n))).await);
    }
    let mut busy = AtWork::begin(world, large);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let waited = busy.starts(world, times.min(20), false).await;
    // It is noticed that it waits, at the next heartbeat of somebody, who reads his page to its end.
    let longest = 2 * POLL + LEASE / 4 + PAGE + POLL;
    line(&format!(
        "behind {} backfills, {CONCURRENCY} at a time          {}, the longest {:.2} of what is promised, {longest:?}",
        2 * CONCURRENCY,
        told(waited),
        waited[2].as_secs_f64() / longest.as_secs_f64()
    ));
    busy.end().await;
}

/// The least that a start costs: median, 99 of 100, longest.
async fn claim_alone(world: &World, times: usize) -> [Duration; 3] {
    let pool = world.pool(1);
    let queue = PgJobQueue::new(pool.clone());
    let (worker, lease_for) = ("bench".to_owned(), LEASE);
    let request = ClaimRequest { company_id: COMPANY, worker, most: 1, most_per_user: MOST_PER_USER, lease_for };
    let mut took = Vec::new();
    for n in 0..times {
        world.put_job(&pool, UserId::new(Uuid::from_u128(n as u128))).await;
        let begun = Instant::now();
        let claimed = queue.claim(&request).await.unwrap().remove(0);
        took.push(begun.elapsed());
        queue.finish(COMPANY, claimed.lease, &cortex_sync_jobs::model::Ending::Completed).await.unwrap();
    }
    percentiles(took)
}

impl AtWork {
    #[expect(clippy::disallowed_methods, reason = "the worker works beside what asks it")]
    fn begin(world: &World, large: Vec<JobId>) -> Self {
        let queue = Arc::new(PgJobQueue::new(world.pool(8)));
        let (told, began) = mpsc::unbounded_channel();
        let back_off = BackOff { first: Duration::from_secs(1), longest: Duration::from_secs(1) };
        let timing = Timing { back_off, ..Timing::of_lease(LEASE, POLL) };
        let jobs: Arc<dyn JobQueue> = queue.clone();
        let run_job = RunJob::new(
            jobs.clone(),
            Arc::new(Accounts { large, pages: world.pool(4), began: told }),
            timing,
            Box::new(|| 0.5),
        );
        let settings = WorkerSettings {
            company_id: COMPANY,
            name: "bench".to_owned(),
            concurrency: CONCURRENCY,
            lease_for: LEASE,
            poll_every: POLL,
        };
        let (stop, wake) = (CancellationToken::new(), Arc::new(Notify::new()));
        let worker = Worker::new(jobs, Arc::new(run_job), settings, stop.clone());
        let woken = wake.clone();
        let working = tokio::spawn(async move { worker.run(&woken).await });
        Self { queue, wake, began, stop, working }
    }

    /// How long jobs of so many people took from being there to being begun, one after the other.
    async fn starts(&mut self, world: &World, times: usize, wakes: bool) -> [Duration; 3] {
        let pool = world.pool(1);
        let mut took = Vec::new();
        for n in 0..times {
            if !wakes {
                // At any moment between two looks.
                tokio::time::sleep(POLL.mul_f64(rand_of(n))).await;
            }
            let id = world.put_job(&pool, UserId::new(Uuid::from_u128(n as u128))).await;
            let there = Instant::now();
            if wakes {
                self.wake.notify_one();
            }
            let (began, at) = self.began.recv().await.unwrap();
            assert_eq!(began, id);
            took.push(at.duration_since(there));
            self.completed(id).await;
        }
        percentiles(took)
    }

    /// Waits for its end, so that the next one finds the worker as it was.
    async fn completed(&self, id: JobId) {
        while !self.queue.find_job(COMPANY, id).await.unwrap().unwrap().status.is_final() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn end(self) {
        self.stop.cancel();
        self.working.await.unwrap();
    }
}

/// From 0 to 1, evenly spread over many numbers.
fn rand_of(n: usize) -> f64 {
    f64::from(u32::try_from(n * 7_919 % 1_000).unwrap()) / 1_000.0
}

fn ratio(limit: [Duration; 3], took: [Duration; 3]) -> f64 {
    limit[0].as_secs_f64() / took[0].as_secs_f64()
}

fn told(took: [Duration; 3]) -> String {
    let [half, slow, _] = took.map(|took| took.as_secs_f64() * 1e3);
    format!("p50 {half:>7.2} ms   p99 {slow:>7.2} ms")
}

/// The median, what 99 of 100 stay below, and the longest.
fn percentiles(mut took: Vec<Duration>) -> [Duration; 3] {
    took.sort_unstable();
    [took[took.len() / 2], took[took.len() * 99 / 100], took[took.len() - 1]]
}
