//! What was confirmed is carried out to its end, in `serve` as well as in `work`, also where whoever confirmed it did not
//! wait, or his process ended.

use std::time::Duration;

use cortex_ingestion::DecideDeletions;
use cortex_kernel::StoreError;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

const FINISH: Every = Every::always(Duration::from_mins(1));

/// Does so again and again until `stop` is cancelled.
pub(crate) async fn finish_deletions(deletions: DecideDeletions, stop: CancellationToken) {
    let work = again_and_again("confirmed deletions cannot be carried out", FINISH, async || {
        let finished = deletions.finish().await?;
        if finished > 0 {
            tracing::info!(finished, "confirmed deletions were carried out to their end");
        }
        Ok::<(), StoreError>(())
    });
    stop.run_until_cancelled_owned(work).await;
}
