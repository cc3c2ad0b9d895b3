//! What counts documents and mails is kept small and ready, in `serve` as well as in `work`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::StoreError;
use cortex_postgres::Upkeep;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// Keeps what is counted.
#[async_trait]
pub trait KeepCounts: Send + Sync {
    /// Makes one row of those that count the documents of a day, at most `most` times, and answers how often.
    async fn fold_counts(&self, most: u16) -> Result<usize, StoreError>;

    /// Keeps what the mails of a month come to that is over, and answers whether there was one.
    async fn keep_month(&self) -> Result<bool, StoreError>;
}

const BATCH: u16 = 1_000;
/// A row for each statement that wrote is little to add up, even after an hour in which a company's mail came in.
const KEEP: Every = Every { success: Duration::from_hours(1), failure: Duration::from_mins(5) };

/// Does so again and again until `stop` is cancelled.
pub(crate) async fn keep_counted(counts: Arc<dyn KeepCounts>, stop: CancellationToken) {
    let work = again_and_again("counts could not be kept", KEEP, async || {
        loop {
            match counts.fold_counts(BATCH).await? {
                0 => break,
                done => tracing::debug!(done, "counts of documents were folded"),
            }
        }
        while counts.keep_month().await? {
            tracing::debug!("a month of mails was counted");
        }
        Ok::<(), StoreError>(())
    });
    stop.run_until_cancelled_owned(work).await;
}

#[async_trait]
impl KeepCounts for Upkeep {
    async fn fold_counts(&self, most: u16) -> Result<usize, StoreError> {
        Self::fold_counts(self, most).await
    }

    async fn keep_month(&self) -> Result<bool, StoreError> {
        Self::keep_month(self).await
    }
}
