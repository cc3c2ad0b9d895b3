//! Keys of requests are forgotten in time, in `serve` as well as in `work`.

use std::time::Duration;

use cortex_ingestion::ForgetIdempotencyKeys;
use cortex_kernel::StoreError;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

const FORGET: Every = Every { success: Duration::from_hours(1), failure: Duration::from_mins(5) };

/// Does so again and again until `stop` is cancelled.
pub(crate) async fn forget_in_time(keys: ForgetIdempotencyKeys, stop: CancellationToken) {
    let work = again_and_again("keys of requests cannot be forgotten", FORGET, async || {
        let forgotten = keys.forget().await?;
        if forgotten > 0 {
            tracing::debug!(forgotten, "keys of requests were forgotten");
        }
        Ok::<(), StoreError>(())
    });
    stop.run_until_cancelled_owned(work).await;
}
