//! Jobs of the company are made by themselves: of all processes one at a time looks which period began.

use std::sync::Arc;
use std::time::Duration;

use cortex_connections::ports::Turns;
use cortex_kernel::{CompanyId, StoreError};
use cortex_sync_jobs::ScheduleCompanyJobs;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// The loop, where there is anything to make.
pub(crate) struct CompanySchedule {
    pub(crate) company_id: CompanyId,
    pub(crate) turns: Arc<dyn Turns>,
    pub(crate) jobs: ScheduleCompanyJobs,
}

/// How often somebody looks. A job is made so much later than its period began at most.
const LOOK: Duration = Duration::from_secs(30);
/// How often each process asks whether it is its turn.
const ASK: Every = Every::always(Duration::from_secs(10));

const TURN: &str = "schedule_company_jobs";

impl CompanySchedule {
    /// Looks until `stop` is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { company_id, turns, jobs } = self;
        let look = async || {
            if turns.take_turn(company_id, TURN, LOOK).await? {
                let made = jobs.tick().await?;
                if made > 0 {
                    tracing::info!(made, "jobs of the company are due");
                }
            }
            Ok::<(), StoreError>(())
        };
        stop.run_until_cancelled(again_and_again("jobs of the company cannot be scheduled", ASK, look)).await;
    }
}
