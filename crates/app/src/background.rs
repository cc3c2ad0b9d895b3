//! What goes on beside requests, in `serve` as well as in `work`: the queue of jobs and the inbox of webhooks.

use std::sync::Arc;
use std::time::Duration;

use cortex_connections::{Tick, WorkOffInbox};
use cortex_sync_jobs::{Pulse, Worker};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::searchable::{MakeSearchable, keep_searchable};

/// The loops of one process.
pub(crate) struct Background {
    /// Works the queue off.
    pub(crate) worker: Worker,
    /// Makes the worker look at once.
    pub(crate) wake: Arc<Notify>,
    /// Works the webhooks off.
    pub(crate) inbox: WorkOffInbox,
    /// How long to wait between two looks at what may have come.
    pub(crate) poll_every: Duration,
    /// Documents, to be made findable.
    pub(crate) documents: Arc<dyn MakeSearchable>,
}

impl Background {
    /// Where to see that the worker is at work.
    pub(crate) fn pulse(&self) -> Pulse {
        self.worker.pulse()
    }

    /// Runs until `stop` is cancelled and what was begun has ended or was given back.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { worker, wake, inbox, poll_every, documents } = self;
        tokio::join!(
            worker.run(&wake),
            work_off(&inbox, poll_every, &stop),
            keep_searchable(documents, stop.child_token()),
        );
    }
}

/// How long a webhook may be worked on after the process was asked to stop. It is short of the moment at which
/// orchestrators commonly kill.
const GRACE: Duration = Duration::from_secs(15);

/// One webhook at a time: what they lead to is asked of Nango, which counts calls.
async fn work_off(inbox: &WorkOffInbox, poll_every: Duration, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let Some(tick) = in_time(inbox.tick(), stop, GRACE).await else {
            tracing::warn!("a webhook is left to be worked off later: it took too long to wait for");
            return;
        };
        match tick {
            Ok(Tick::Worked) => continue,
            Ok(Tick::Idle) => {}
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the inbox cannot be read"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(poll_every) => {}
        }
    }
}

/// What comes of `work`, unless it goes on for longer than `grace` after `stop`: then it is dropped. What a webhook leads
/// to may be repeated, and its claim runs out by itself.
async fn in_time<T>(work: impl Future<Output = T>, stop: &CancellationToken, grace: Duration) -> Option<T> {
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        biased;
        done = work => Some(done),
        () = overdue => None,
    }
}

#[cfg(test)]
mod tests {
    use std::future;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn work_that_never_ends_is_dropped_some_time_after_the_stop() {
        let stop = CancellationToken::new();
        let stopper = async {
            yield_now().await;
            stop.cancel();
        };

        let (done, ()) = tokio::join!(in_time(future::pending::<()>(), &stop, Duration::ZERO), stopper);

        assert_eq!(done, None);
    }

    #[tokio::test]
    async fn work_that_ends_in_time_is_waited_for() {
        let stop = CancellationToken::new();
        stop.cancel();
        let work = async {
            yield_now().await;
            "done"
        };

        assert_eq!(in_time(work, &stop, GRACE).await, Some("done"));
    }

    #[tokio::test]
    async fn nothing_is_dropped_before_the_stop() {
        let work = async {
            yield_now().await;
            "done"
        };

        assert_eq!(in_time(work, &CancellationToken::new(), Duration::ZERO).await, Some("done"));
    }
}
