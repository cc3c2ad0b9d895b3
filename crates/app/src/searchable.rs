//! Documents that were there before search was are made findable, a few at a time, beside whatever else goes on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::StoreError;
use cortex_postgres::Upkeep;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// Makes documents findable.
#[async_trait]
pub trait MakeSearchable: Send + Sync {
    /// Does so for at most `most` of those that are not, and answers for how many.
    async fn make_searchable(&self, most: u16) -> Result<usize, StoreError>;
}

/// About a second of work at a time: documents are locked no longer.
const BATCH: u16 = 200;
/// Rows that the service writes are findable at once, so what is left comes from elsewhere, and rarely.
const EVERY: Duration = Duration::from_mins(5);

/// Does so again and again until `stop` is cancelled.
pub(crate) async fn keep_searchable(documents: Arc<dyn MakeSearchable>, stop: CancellationToken) {
    let work = again_and_again("documents could not be made findable", Every::always(EVERY), async || {
        loop {
            match documents.make_searchable(BATCH).await? {
                0 => return Ok::<(), StoreError>(()),
                done => tracing::debug!(done, "documents were made findable"),
            }
        }
    });
    stop.run_until_cancelled_owned(work).await;
}

#[async_trait]
impl MakeSearchable for Upkeep {
    async fn make_searchable(&self, most: u16) -> Result<usize, StoreError> {
        Self::make_searchable(self, most).await
    }
}
