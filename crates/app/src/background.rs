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

/// One webhook at a time: what they lead to is asked of Nango, which counts calls.
async fn work_off(inbox: &WorkOffInbox, poll_every: Duration, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        match inbox.tick().await {
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
