//! Original bytes that no document has do not stay for ever.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::CompanyId;

use crate::model::BlobKey;
use crate::ports::{BlobError, BlobRemovals, BlobStore};

/// Removes bytes that no document took, and those of documents that are gone.
pub struct RemoveBlobs {
    company_id: CompanyId,
    blobs: Arc<dyn BlobStore>,
    removals: Arc<dyn BlobRemovals>,
}

/// How many are claimed at a time.
const PART: u16 = 100;

/// How long they stay with a process that does not come back. Removing twice is the same as once.
const HOLD: Duration = Duration::from_mins(10);

impl RemoveBlobs {
    /// Removes those of `company_id`, the company of this deployment.
    #[must_use]
    pub const fn new(company_id: CompanyId, blobs: Arc<dyn BlobStore>, removals: Arc<dyn BlobRemovals>) -> Self {
        Self { company_id, blobs, removals }
    }

    /// Removes all that are due, part by part, and answers how many those were.
    pub async fn remove(&self) -> Result<usize, BlobError> {
        let mut removed = 0;
        loop {
            let part = self.removals.claim_due(self.company_id, PART, HOLD).await?;
            self.remove_part(&part).await?;
            removed += part.len();
            if part.len() < usize::from(PART) {
                return Ok(removed);
            }
        }
    }

    /// What is removed is forgotten also where the next one cannot be removed.
    async fn remove_part(&self, part: &[BlobKey]) -> Result<(), BlobError> {
        let mut gone = Vec::with_capacity(part.len());
        let mut failure = None;
        for key in part {
            match self.blobs.remove(self.company_id, *key).await {
                Ok(()) => gone.push(*key),
                // It will not answer for the others either.
                Err(error @ BlobError::Unavailable(_)) => {
                    failure = Some(error);
                    break;
                }
                // One that cannot be removed keeps none of the others here.
                Err(error @ BlobError::Broken(_)) => failure = Some(error),
            }
        }
        if !gone.is_empty() {
            self.removals.forget(self.company_id, &gone).await?;
        }
        failure.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use uuid::Uuid;

    use super::*;
    use crate::model::FileBody;
    use crate::ports::MockBlobStore;
    use crate::testing::{COMPANY_A, InMemoryBlobStore, InMemoryPageStore};

    fn key(number: u128) -> BlobKey {
        BlobKey::new(Uuid::from_u128(number))
    }

    /// Removals of so many keys that are all due.
    async fn due(number: u128) -> Arc<InMemoryPageStore> {
        let removals = Arc::<InMemoryPageStore>::default();
        for number in 1..=number {
            removals.announce(COMPANY_A, key(number), Duration::ZERO).await.unwrap();
        }
        removals
    }

    #[tokio::test]
    async fn all_that_is_due_goes_and_is_forgotten() {
        let (blobs, removals) = (Arc::<InMemoryBlobStore>::default(), due(250).await);
        blobs.put(COMPANY_A, key(250), FileBody::InMemory(Bytes::from_static(b"bytes"))).await.unwrap();

        let removed = RemoveBlobs::new(COMPANY_A, blobs.clone(), removals.clone()).remove().await.unwrap();

        assert_eq!((removed, blobs.bytes(COMPANY_A, key(250))), (250, None));
        removals.pass(2 * HOLD);
        assert_eq!(removals.claim_due(COMPANY_A, 9, HOLD).await.unwrap(), []);
    }

    #[tokio::test]
    async fn while_the_store_is_away_nothing_is_forgotten() {
        let (blobs, removals) = (Arc::<InMemoryBlobStore>::default(), due(2).await);
        blobs.go_away();

        let outcome = RemoveBlobs::new(COMPANY_A, blobs, removals.clone()).remove().await;

        assert!(matches!(outcome, Err(BlobError::Unavailable(_))), "{outcome:?}");
        assert_eq!(removals.claim_due(COMPANY_A, 9, HOLD).await.unwrap(), [], "not before some time has passed");
        removals.pass(2 * HOLD);
        assert_eq!(removals.claim_due(COMPANY_A, 9, HOLD).await.unwrap(), [key(1), key(2)]);
    }

    #[tokio::test]
    async fn one_that_cannot_be_removed_keeps_no_other_here() {
        let (mut blobs, removals) = (MockBlobStore::new(), due(3).await);
        blobs.expect_remove().times(3).returning(|_, asked| {
            if asked == key(2) { Err(BlobError::Broken("no such bucket".into())) } else { Ok(()) }
        });

        let outcome = RemoveBlobs::new(COMPANY_A, Arc::new(blobs), removals.clone()).remove().await;

        assert!(matches!(outcome, Err(BlobError::Broken(_))), "{outcome:?}");
        removals.pass(2 * HOLD);
        assert_eq!(removals.claim_due(COMPANY_A, 9, HOLD).await.unwrap(), [key(2)]);
    }
}
