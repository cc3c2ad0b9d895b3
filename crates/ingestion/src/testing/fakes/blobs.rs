//! Original bytes, in memory.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use cortex_kernel::CompanyId;
use futures_util::{StreamExt as _, stream};

use crate::model::{BlobKey, FileBody};
use crate::ports::{Blob, BlobError, BlobStore};

/// Bytes of all companies in memory, handed out in small pieces.
#[derive(Debug, Default)]
pub struct InMemoryBlobStore {
    blobs: Mutex<HashMap<(CompanyId, BlobKey), Bytes>>,
    is_away: AtomicBool,
}

const PIECE: usize = 64 * 1024;

impl InMemoryBlobStore {
    /// From now on nothing is answered.
    pub fn go_away(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }

    /// What is kept under the key.
    #[must_use]
    pub fn bytes(&self, company_id: CompanyId, key: BlobKey) -> Option<Bytes> {
        self.blobs().get(&(company_id, key)).cloned()
    }

    fn blobs(&self) -> MutexGuard<'_, HashMap<(CompanyId, BlobKey), Bytes>> {
        self.blobs.lock().expect("nobody panics while holding it")
    }

    fn answers(&self) -> Result<(), BlobError> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(BlobError::Unavailable("no route to 10.0.0.7".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl BlobStore for InMemoryBlobStore {
    async fn put(&self, company_id: CompanyId, key: BlobKey, body: FileBody) -> Result<(), BlobError> {
        self.answers()?;
        let broken = |error: io::Error| BlobError::Broken(Box::new(error));
        let bytes = match body {
            FileBody::InMemory(bytes) => bytes,
            FileBody::OnDisk { path, size } => {
                let bytes = std::fs::read(path).map_err(broken)?;
                if bytes.len() as u64 != size {
                    return Err(broken(io::ErrorKind::UnexpectedEof.into()));
                }
                bytes.into()
            }
        };
        self.blobs().entry((company_id, key)).or_insert(bytes);
        Ok(())
    }

    async fn get(&self, company_id: CompanyId, key: BlobKey) -> Result<Option<Blob>, BlobError> {
        self.answers()?;
        Ok(self.bytes(company_id, key).map(|bytes| {
            let pieces: Vec<_> = bytes.chunks(PIECE).map(|piece| Ok(bytes.slice_ref(piece))).collect();
            Blob { size: bytes.len() as u64, pieces: stream::iter(pieces).boxed() }
        }))
    }

    async fn remove(&self, company_id: CompanyId, key: BlobKey) -> Result<(), BlobError> {
        self.answers()?;
        self.blobs().remove(&(company_id, key));
        Ok(())
    }
}
