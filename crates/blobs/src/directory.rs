//! [`BlobStore`] on a directory that every process of the deployment sees.
//!
//! A file is `<company>/<two digits of the key>/<key>`. It is written under another name, and has its own only once all
//! of it is on the disk: whoever sees it sees the whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use cortex_ingestion::model::{BlobKey, FileBody};
use cortex_ingestion::ports::{Blob, BlobError, BlobStore};
use cortex_kernel::CompanyId;
use futures_util::{StreamExt as _, stream};
use thiserror::Error;
use tokio::task::spawn_blocking;
use tracing::instrument;

use crate::local_file::{read_piece, unreadable, wrong_size};

/// Original bytes in a directory.
pub struct DirectoryBlobs {
    directory: PathBuf,
}

/// The directory cannot be used.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// It is not there, or is no directory.
    #[error("{} is no directory: make it, and mount it where it belongs to another machine", directory.display())]
    Missing {
        /// Which.
        directory: PathBuf,
        /// What the system said, if it was not simply something else.
        #[source]
        source: Option<io::Error>,
    },
    /// Nothing can be written there.
    #[error("nothing can be written to {}: give it to the user that the service runs as", directory.display())]
    NotWritable {
        /// Which.
        directory: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Where a file is, and where it is while it is being written.
struct Place {
    folder: PathBuf,
    file: PathBuf,
    part: PathBuf,
}

/// How much is read at a time.
const PIECE: usize = 1024 * 1024;

/// Nobody else on the machine reads what a company keeps.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

impl DirectoryBlobs {
    /// Takes a directory that is there and can be written to.
    pub fn open(directory: &Path) -> Result<Self, DirectoryError> {
        let directory = directory.to_owned();
        match fs::metadata(&directory) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(DirectoryError::Missing { directory, source: None }),
            Err(error) => return Err(DirectoryError::Missing { directory, source: Some(error) }),
        }
        let trial = directory.join(format!(".writable-{}", std::process::id()));
        match new_file(&trial).and_then(|_| fs::remove_file(&trial)) {
            Ok(()) => Ok(Self { directory }),
            Err(source) => Err(DirectoryError::NotWritable { directory, source }),
        }
    }

    fn place(&self, company_id: CompanyId, key: BlobKey) -> Place {
        let key = key.as_uuid().simple().to_string();
        // The last digits differ whatever kind of id it is.
        let folder = self.directory.join(company_id.to_string()).join(&key[key.len() - 2..]);
        Place { file: folder.join(&key), part: folder.join(format!(".{key}.part")), folder }
    }
}

#[async_trait]
impl BlobStore for DirectoryBlobs {
    #[instrument(name = "directory.blob_store.put", skip_all)]
    async fn put(&self, company_id: CompanyId, key: BlobKey, body: FileBody) -> Result<(), BlobError> {
        let (place, root) = (self.place(company_id, key), self.directory.clone());
        beside(move || {
            make_folder(&place.folder, &root).map_err(failed)?;
            let written = write(&place, &body);
            if written.is_err() {
                // It is in nobody's way: whoever removes the key removes it too.
                let _ = fs::remove_file(&place.part);
            }
            written
        })
        .await
    }

    #[instrument(name = "directory.blob_store.get", skip_all)]
    async fn get(&self, company_id: CompanyId, key: BlobKey) -> Result<Option<Blob>, BlobError> {
        let place = self.place(company_id, key);
        let opened = beside(move || match File::open(&place.file) {
            Ok(file) => file.metadata().map(|metadata| Some((file, metadata.len()))).map_err(failed),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        })
        .await?;
        let Some((file, size)) = opened else { return Ok(None) };
        // Once it is open it can be read to its end, whoever removes it.
        let pieces = stream::try_unfold((tokio::fs::File::from_std(file), size), next_piece).boxed();
        Ok(Some(Blob { size, pieces }))
    }

    #[instrument(name = "directory.blob_store.remove", skip_all)]
    async fn remove(&self, company_id: CompanyId, key: BlobKey) -> Result<(), BlobError> {
        let place = self.place(company_id, key);
        beside(move || {
            for path in [&place.part, &place.file] {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                    Ok(()) | Err(_) => {}
                }
            }
            Ok(())
        })
        .await
    }
}

type Reading = (tokio::fs::File, u64);

async fn next_piece((mut file, left): Reading) -> Result<Option<(Bytes, Reading)>, BlobError> {
    if left == 0 {
        return Ok(None);
    }
    let piece = read_piece(&mut file, PIECE).await.map_err(failed)?;
    match left.checked_sub(piece.len() as u64) {
        Some(left) if !piece.is_empty() => Ok(Some((piece, (file, left)))),
        _ => Err(unreadable(io::Error::other("somebody changed the file while it was read"))),
    }
}

/// All of it, under its name, on the disk.
fn write(place: &Place, body: &FileBody) -> Result<(), BlobError> {
    let mut part = new_file(&place.part).map_err(failed)?;
    match body {
        FileBody::InMemory(bytes) => part.write_all(bytes).map_err(failed)?,
        FileBody::OnDisk { path, size } => copy(path, *size, &mut part)?,
    }
    part.sync_all().map_err(failed)?;
    fs::rename(&place.part, &place.file).map_err(failed)?;
    sync_folder(&place.folder).map_err(failed)
}

fn copy(path: &Path, size: u64, part: &mut File) -> Result<(), BlobError> {
    let source = File::open(path).map_err(unreadable)?;
    // One byte more than it should have tells that it has more.
    let copied = io::copy(&mut source.take(size + 1), part).map_err(failed)?;
    if copied != size {
        return Err(unreadable(wrong_size(size, copied)));
    }
    Ok(())
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(path)
}

/// Makes the folder and what it stands in, below `root`, and sees to it that they are still there after a power cut.
fn make_folder(folder: &Path, root: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(root));
    for folder in above {
        sync_folder(folder)?;
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Work that makes its thread wait for the disk.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    spawn_blocking(work).await.map_err(|error| BlobError::Broken(Box::new(error)))?
}

/// What fails by its rights fails again; a disk that is full or away may be made good.
fn failed(error: io::Error) -> BlobError {
    match error.kind() {
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory => BlobError::Broken(Box::new(error)),
        _ => BlobError::Unavailable(Box::new(error)),
    }
}
