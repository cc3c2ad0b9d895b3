//! Original bytes are kept before the document is there that they belong to.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, IdGenerator};

use crate::model::{BlobKey, FileBody};
use crate::ports::{BlobError, BlobRemovals, BlobStore};

/// Keeps original bytes for a document that is about to be stored.
///
/// Bytes and documents need not be in the same store, so no transaction can hold both. The bytes come first, and are
/// announced as ones that will be removed: whatever goes wrong on the way to the document, they do not stay for ever.
pub struct KeepBlob {
    blobs: Arc<dyn BlobStore>,
    removals: Arc<dyn BlobRemovals>,
    ids: Arc<dyn IdGenerator>,
}

/// How long a document may take to be stored after its bytes were announced. One that takes longer is refused by the
/// transaction that stores it.
const GRACE: Duration = Duration::from_hours(1);

impl KeepBlob {
    /// Keeps them in this store.
    #[must_use]
    pub const fn new(blobs: Arc<dyn BlobStore>, removals: Arc<dyn BlobRemovals>, ids: Arc<dyn IdGenerator>) -> Self {
        Self { blobs, removals, ids }
    }

    /// Keeps the bytes and answers the key under which a document can take them.
    pub async fn keep(&self, company_id: CompanyId, body: FileBody) -> Result<BlobKey, BlobError> {
        let key = BlobKey::new(self.ids.new_uuid());
        self.removals.announce(company_id, key, GRACE).await?;
        self.blobs.put(company_id, key, body).await?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cortex_kernel::RandomIds;

    use super::*;
    use crate::testing::{COMPANY_A, InMemoryBlobStore, InMemoryPageStore};

    const LATER: Duration = Duration::from_hours(2);

    fn body() -> FileBody {
        FileBody::InMemory(Bytes::from_static(b"bytes"))
    }

    #[tokio::test]
    async fn bytes_are_there_under_the_key_and_go_if_nobody_takes_them() {
        let (blobs, removals) = (Arc::<InMemoryBlobStore>::default(), Arc::<InMemoryPageStore>::default());
        let keep = KeepBlob::new(blobs.clone(), removals.clone(), Arc::new(RandomIds));

        let key = keep.keep(COMPANY_A, body()).await.unwrap();

        assert_eq!(blobs.bytes(COMPANY_A, key).unwrap(), "bytes");
        assert_eq!(removals.claim_due(COMPANY_A, 9, LATER).await.unwrap(), []);
        removals.pass(LATER);
        assert_eq!(removals.claim_due(COMPANY_A, 9, LATER).await.unwrap(), [key]);
    }

    #[tokio::test]
    async fn what_of_a_failed_try_may_be_there_is_looked_for() {
        let (blobs, removals) = (Arc::<InMemoryBlobStore>::default(), Arc::<InMemoryPageStore>::default());
        let keep = KeepBlob::new(blobs.clone(), removals.clone(), Arc::new(RandomIds));
        blobs.go_away();

        let outcome = keep.keep(COMPANY_A, body()).await;

        assert!(matches!(outcome, Err(BlobError::Unavailable(_))), "{outcome:?}");
        removals.pass(LATER);
        assert_eq!(removals.claim_due(COMPANY_A, 9, LATER).await.unwrap().len(), 1);
    }
}
