//! Jobs of the company that ended are forgotten in time, in `serve` as well as in `work`.

use std::time::Duration;

use cortex_kernel::StoreError;
use cortex_sync_jobs::ForgetCompanyJobs;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

const FORGET: Every = Every { success: Duration::from_hours(1), failure: Duration::from_mins(5) };

/// Does so again and again until `stop` is cancelled.
pub(crate) async fn forget_in_time(jobs: ForgetCompanyJobs, stop: CancellationToken) {
    let work = again_and_again("jobs of the company cannot be forgotten", FORGET, async || {
        let forgotten = jobs.forget().await?;
        if forgotten > 0 {
            tracing::debug!(forgotten, "jobs of the company that ended were forgotten");
        }
        Ok::<(), StoreError>(())
    });
    stop.run_until_cancelled_owned(work).await;
}
