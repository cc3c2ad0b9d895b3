//! Whoever leaves the company has nothing read any more, as soon as anybody here hears of it.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::StoreError;
use cortex_sync_jobs::CallOffDeparted;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// The loop, in `serve` as well as in `work`: any number of processes may look at once.
pub(crate) struct Departures {
    pub(crate) call_off: CallOffDeparted,
    /// Told by whoever hears that somebody may have left.
    pub(crate) heard: Arc<Notify>,
}

/// How soon a departure counts that nobody here was told of.
const LOOK: Duration = Duration::from_secs(5);

impl Departures {
    /// Looks until `stop` is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { call_off, heard } = self;
        let look = async || {
            call_off.tick().await?;
            // Whoever hears of a departure meanwhile is not kept waiting.
            drop(tokio::time::timeout(LOOK, heard.notified()).await);
            Ok::<(), StoreError>(())
        };
        let every = Every { success: Duration::ZERO, failure: LOOK };
        stop.run_until_cancelled(again_and_again("jobs of people who left cannot be looked for", every, look)).await;
    }
}
