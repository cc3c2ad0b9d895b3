//! Original bytes of documents, and files on their way to becoming documents.

use std::path::PathBuf;

use bytes::Bytes;
use uuid::Uuid;

/// By what the original bytes of a document are known within its company. Every upload has a new one: what was kept under
/// a key never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobKey(Uuid);

/// The bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileBody {
    /// In memory: what was fetched for a record, in the size that fetching allows.
    InMemory(Bytes),
    /// In a file of this machine that nobody changes: what a person uploads, in whatever size.
    OnDisk {
        /// Where.
        path: PathBuf,
        /// How many bytes it has.
        size: u64,
    },
}

impl BlobKey {
    /// Takes a new id.
    #[must_use]
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The id, for rows and paths.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl FileBody {
    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::InMemory(bytes) => bytes.len() as u64,
            Self::OnDisk { size, .. } => *size,
        }
    }
}
