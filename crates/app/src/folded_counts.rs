//! The rows that count documents are folded, in `serve` as well as in `work`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::StoreError;
use cortex_postgres::Upkeep;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// Folds what counts documents.
#[async_trait]
pub trait FoldCounts: Send + Sync {
    /// Makes one row of those of a day, at most `most` times, and answers how often.
    async fn fold_counts(&self, most: u16) -> Result<usize, StoreError>;
}

const BATCH: u16 = 1_000;
/// A row for each statement that wrote is little to add up, even after an hour in which a company's mail came in.
const FOLD: Every = Every { success: Duration::from_hours(1), failure: Duration::from_mins(5) };

/// Does so again and again until `stop` is cancelled.
pub(crate) async fn keep_folded(counts: Arc<dyn FoldCounts>, stop: CancellationToken) {
    let work = again_and_again("counts of documents could not be folded", FOLD, async || {
        loop {
            match counts.fold_counts(BATCH).await? {
                0 => return Ok::<(), StoreError>(()),
                done => tracing::debug!(done, "counts of documents were folded"),
            }
        }
    });
    stop.run_until_cancelled_owned(work).await;
}

#[async_trait]
impl FoldCounts for Upkeep {
    async fn fold_counts(&self, most: u16) -> Result<usize, StoreError> {
        Self::fold_counts(self, most).await
    }
}
