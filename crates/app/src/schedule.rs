//! Accounts are read by themselves: of all processes one at a time looks which are due, and none has to live for the others.

use std::sync::Arc;
use std::time::Duration;

use cortex_connections::ports::Turns;
use cortex_kernel::{CompanyId, StoreError};
use cortex_sync_jobs::ScheduleSyncs;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// The loop, where the deployment wants one.
pub(crate) struct Schedule {
    pub(crate) company_id: CompanyId,
    pub(crate) turns: Arc<dyn Turns>,
    pub(crate) syncs: ScheduleSyncs,
}

/// How often somebody looks. An account is read so much later than its moment at most, while there are few.
const LOOK: Duration = Duration::from_secs(10);
/// How often each process asks whether it is its turn.
const ASK: Every = Every::always(Duration::from_secs(5));

const TURN: &str = "schedule_syncs";

impl Schedule {
    /// Looks until `stop` is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { company_id, turns, syncs } = self;
        let look = async || {
            if turns.take_turn(company_id, TURN, LOOK).await? {
                let started = syncs.tick().await?;
                if started > 0 {
                    tracing::info!(started, "accounts that were due are read");
                }
            }
            Ok::<(), StoreError>(())
        };
        stop.run_until_cancelled(again_and_again("syncs cannot be scheduled", ASK, look)).await;
    }
}
