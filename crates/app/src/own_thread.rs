//! Jobs run on threads of their own: a page of records is hundreds of milliseconds of work for a processor, and on a thread of
//! the runtime everybody's requests would wait behind it.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::Lease;
use cortex_sync_jobs::model::{Disposition, Job};
use cortex_sync_jobs::ports::{CancellationToken, JobRunner};
use tokio::runtime::Handle;
use tracing::{Instrument, Span};

/// Runs each job on a blocking thread, for as long as it takes.
pub(crate) struct OnItsOwnThread(pub(crate) Arc<dyn JobRunner>);

#[async_trait]
impl JobRunner for OnItsOwnThread {
    async fn run(&self, job: &Job, lease: Lease, interrupt: &CancellationToken) -> Disposition {
        let (runner, job, interrupt) = (Arc::clone(&self.0), job.clone(), interrupt.clone());
        // Whoever drops this future drops the run, at the next point at which it waits for anything.
        let dropped = CancellationToken::new();
        let _guard = dropped.clone().drop_guard();
        let (runtime, span) = (Handle::current(), Span::current());
        let running = tokio::task::spawn_blocking(move || {
            let run = async { runner.run(&job, lease, &interrupt).await }.instrument(span);
            runtime.block_on(dropped.run_until_cancelled(run))
        });
        match running.await {
            Ok(Some(disposition)) => disposition,
            // Nobody is there to hear of it.
            Ok(None) => Disposition::Interrupted,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The process ends.
                Err(_) => Disposition::Interrupted,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use cortex_kernel::JobId;
    use cortex_sync_jobs::testing::a_job;
    use tokio::sync::{mpsc, oneshot};
    use uuid::Uuid;

    use super::*;

    const LEASE: Lease = Lease { job: JobId::new(Uuid::nil()), epoch: 1 };

    /// Tells which thread it runs on, and then waits to be interrupted.
    struct Waits(mpsc::UnboundedSender<(thread::ThreadId, oneshot::Receiver<()>)>);

    #[async_trait]
    impl JobRunner for Waits {
        async fn run(&self, _: &Job, _: Lease, interrupt: &CancellationToken) -> Disposition {
            let (_alive, watch) = oneshot::channel();
            self.0.send((thread::current().id(), watch)).expect("the test goes on");
            interrupt.cancelled().await;
            Disposition::Completed
        }
    }

    struct Panics;

    #[async_trait]
    impl JobRunner for Panics {
        async fn run(&self, _: &Job, _: Lease, _: &CancellationToken) -> Disposition {
            panic!("a job panics")
        }
    }

    #[tokio::test]
    async fn a_job_runs_on_another_thread_and_hears_of_an_interruption() {
        let (started, mut starts) = mpsc::unbounded_channel();
        let runner = OnItsOwnThread(Arc::new(Waits(started)));
        let (job, interrupt) = (a_job(), CancellationToken::new());
        let test = async {
            let (on, _) = starts.recv().await.unwrap();
            interrupt.cancel();
            on
        };

        let (disposition, on) = tokio::join!(runner.run(&job, LEASE, &interrupt), test);

        assert_eq!(disposition, Disposition::Completed);
        assert_ne!(on, thread::current().id());
    }

    #[tokio::test]
    async fn a_run_that_is_dropped_ends() {
        let (started, mut starts) = mpsc::unbounded_channel();
        let runner = OnItsOwnThread(Arc::new(Waits(started)));
        let (job, interrupt) = (a_job(), CancellationToken::new());

        let watch = tokio::select! {
            _ = runner.run(&job, LEASE, &interrupt) => unreachable!("it waits"),
            start = starts.recv() => start.unwrap().1,
        };

        watch.await.expect_err("what the run held is dropped with it");
    }

    #[tokio::test]
    #[should_panic(expected = "a job panics")]
    async fn a_panic_of_a_job_is_one_of_its_run() {
        OnItsOwnThread(Arc::new(Panics)).run(&a_job(), LEASE, &CancellationToken::new()).await;
    }
}
