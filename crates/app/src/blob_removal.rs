//! Original bytes that no document has are removed, in `serve` as well as in `work`. Any number of processes may do so at
//! once.

use std::time::Duration;

use cortex_ingestion::RemoveBlobs;
use cortex_ingestion::ports::BlobError;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// Nobody waits for it.
const REMOVE: Every = Every::always(Duration::from_mins(1));

/// Does so again and again until `stop` is cancelled. What is dropped then is done by whoever claims it next.
pub(crate) async fn remove_in_time(blobs: RemoveBlobs, stop: CancellationToken) {
    let work = again_and_again("original files that nobody needs cannot be removed", REMOVE, async || {
        let removed = blobs.remove().await?;
        if removed > 0 {
            tracing::info!(removed, "original files that nobody needs were removed");
        }
        Ok::<(), BlobError>(())
    });
    stop.run_until_cancelled_owned(work).await;
}
