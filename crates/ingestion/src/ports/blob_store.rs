//! Keeping original bytes.

use std::error::Error as StdError;

use async_trait::async_trait;
use bytes::Bytes;
use cortex_kernel::{CompanyId, StoreError};
use futures_util::stream::BoxStream;
use thiserror::Error;

use crate::model::{BlobKey, FileBody};

/// Keeps the original bytes of documents.
///
/// # Contract
///
/// - What was kept is read back as it was.
/// - An empty file is kept too.
/// - A file larger than a piece is read back in pieces.
/// - Of a file that cannot be read whole nothing is kept.
/// - Nothing is kept under another key.
/// - Another company's bytes read as absent.
/// - What was removed is absent.
/// - Removing what is absent changes nothing.
/// - What is kept again under its key is the same.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Keeps the bytes, all or none of them.
    async fn put(&self, company_id: CompanyId, key: BlobKey, body: FileBody) -> Result<(), BlobError>;

    /// The bytes, in pieces of at most a few MiB; none where there are none.
    async fn get(&self, company_id: CompanyId, key: BlobKey) -> Result<Option<Blob>, BlobError>;

    /// Removes the bytes, if they are there.
    async fn remove(&self, company_id: CompanyId, key: BlobKey) -> Result<(), BlobError>;
}

/// Original bytes on their way out.
pub struct Blob {
    /// How many bytes there are.
    pub size: u64,
    /// They, in order. A stream that fails has told only a part.
    pub pieces: BoxStream<'static, Result<Bytes, BlobError>>,
}

/// Bytes could not be kept, read or removed.
#[derive(Debug, Error)]
pub enum BlobError {
    /// The store is away: the same call may go through later.
    #[error("the store of original files is not available")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The store refuses, or does not make sense: somebody has to look at it.
    #[error("the store of original files does not work")]
    Broken(#[source] Box<dyn StdError + Send + Sync>),
}

impl From<StoreError> for BlobError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            StoreError::Broken(source) => Self::Broken(source),
        }
    }
}
