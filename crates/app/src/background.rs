//! What goes on beside requests, in `serve` as well as in `work`: the queue of jobs and the
//! connections that they read.

use std::sync::Arc;

use cortex_sync_jobs::{Pulse, Worker};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::connection_upkeep::ConnectionUpkeep;
use crate::searchable::{MakeSearchable, keep_searchable};

/// The loops of one process.
pub(crate) struct Background {
    /// Works the queue off.
    pub(crate) worker: Worker,
    /// Makes the worker look at once.
    pub(crate) wake: Arc<Notify>,
    /// Looks after connections.
    pub(crate) connections: ConnectionUpkeep,
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
        let Self { worker, wake, connections, documents } = self;
        tokio::join!(worker.run(&wake), connections.run(stop.clone()), keep_searchable(documents, stop.child_token()),);
    }
}
