//! What could not be taken in is forgotten in time, in `serve` as well as in `work`.

use std::time::Duration;

use cortex_ingestion::ForgetSetAside;
use cortex_kernel::StoreError;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

const FORGET: Every = Every { success: Duration::from_hours(1), failure: Duration::from_mins(5) };

/// Does so again and again until `stop` is cancelled.
pub(crate) async fn forget_in_time(records: ForgetSetAside, stop: CancellationToken) {
    let work = again_and_again("what could not be taken in cannot be forgotten", FORGET, async || {
        let forgotten = records.forget().await?;
        if forgotten > 0 {
            tracing::info!(forgotten, "records that could not be taken in were forgotten");
        }
        Ok::<(), StoreError>(())
    });
    stop.run_until_cancelled_owned(work).await;
}
