//! Background work that a server can wait for and end.

use std::future::Future;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Runs work beside the requests; ends it when the server stops.
#[derive(Debug, Clone)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    under_way: watch::Sender<usize>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self { tracker: TaskTracker::new(), stop: CancellationToken::new(), under_way: watch::Sender::new(0) }
    }

    /// Runs `work` to its end, or to the stop. [`Tasks::settled`] waits for it.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let guard = UnderWay::begin(self.under_way.clone());
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => {}
            }
            drop(guard);
        });
    }

    /// Runs a server, which ends by itself when it is told to stop.
    pub(crate) fn serve(&self, server: impl Future<Output = std::io::Result<()>> + Send + 'static) {
        self.tracker.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "a server of the sandbox ended with an error");
            }
        });
    }

    /// Waits until none of the spawned work is under way.
    pub(crate) async fn settled(&self) {
        let mut under_way = self.under_way.subscribe();
        // The sender lives as long as `self`.
        let _ = under_way.wait_for(|count| *count == 0).await;
    }

    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until everything, servers too, has ended.
    pub(crate) async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn begin(count: watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
