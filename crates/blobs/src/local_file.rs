//! Files of this machine, read piece by piece.

use std::io;

use bytes::Bytes;
use cortex_ingestion::ports::BlobError;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

/// What is read of the file from where it is, `most` bytes unless it ends before; nothing at its end.
pub(crate) async fn read_piece(file: &mut File, most: usize) -> io::Result<Bytes> {
    let mut piece = Vec::with_capacity(most);
    file.take(most as u64).read_to_end(&mut piece).await?;
    Ok(piece.into())
}

/// A file that was to be kept, or is, does not have as many bytes as it should.
pub(crate) fn wrong_size(expected: u64, found: u64) -> io::Error {
    io::Error::other(format!("the file was to have {expected} bytes and has {found}"))
}

/// Of a file that cannot be read: somebody has to look at it.
pub(crate) fn unreadable(error: io::Error) -> BlobError {
    BlobError::Broken(Box::new(error))
}
