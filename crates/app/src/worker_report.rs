//! The worker of this process tells others that it is there, in `serve` as well as in `work`.

use std::error::Error as StdError;
use std::time::Duration;

use cortex_sync_jobs::ReportWorker;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// Several times within the half minute after which a worker passes for dead.
const REPORT: Every = Every::always(Duration::from_secs(5));

/// How long a process that is asked to stop may go on saying so.
const FAREWELL: Duration = Duration::from_secs(2);

/// Does so until `over` is cancelled, and takes leave then.
pub(crate) async fn keep_reporting(worker: ReportWorker, over: CancellationToken) {
    let report = again_and_again("nobody is told of this worker", REPORT, || worker.report());
    over.run_until_cancelled_owned(report).await;
    match timeout(FAREWELL, worker.leave()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(error = &error as &dyn StdError, "the worker did not take leave"),
        Err(_) => tracing::debug!("the worker did not take leave in time"),
    }
}
