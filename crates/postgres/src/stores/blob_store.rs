//! [`BlobStore`] on a company's database: a file is rows of a MiB each, written in one transaction and read one by one, so
//! that neither way holds more than a piece in memory, or a connection for longer than one takes.

use std::io;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use cortex_ingestion::model::{BlobKey, FileBody};
use cortex_ingestion::ports::{Blob, BlobError, BlobStore};
use cortex_kernel::CompanyId;
use diesel_async::AsyncPgConnection;
use futures_util::{StreamExt as _, stream};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tracing::instrument;

use crate::tables::blob_chunks;
use crate::{Abort, Pool};

/// Original bytes in a company's database.
pub struct PgBlobStore {
    company: Pool,
}

/// How much a row holds.
const PIECE: usize = 1024 * 1024;

/// Where a reader is.
struct Position {
    company: Pool,
    company_id: CompanyId,
    key: BlobKey,
    next: i32,
    left: u64,
}

impl PgBlobStore {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl BlobStore for PgBlobStore {
    #[instrument(name = "pg.blob_store.put", skip_all)]
    async fn put(&self, company_id: CompanyId, key: BlobKey, body: FileBody) -> Result<(), BlobError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| match &body {
                FileBody::InMemory(bytes) => put_bytes(connection, company_id, key, bytes).await,
                FileBody::OnDisk { path, size } => put_file(connection, company_id, key, path, *size).await,
            })
            .await
    }

    #[instrument(name = "pg.blob_store.get", skip_all)]
    async fn get(&self, company_id: CompanyId, key: BlobKey) -> Result<Option<Blob>, BlobError> {
        let size = self
            .company
            .run(async |connection: &mut AsyncPgConnection| blob_chunks::size(connection, company_id, key).await)
            .await?;
        let Some(size) = size.map(i64::unsigned_abs) else { return Ok(None) };
        let position = Position { company: self.company.clone(), company_id, key, next: 0, left: size };
        Ok(Some(Blob { size, pieces: stream::try_unfold(position, Position::read).boxed() }))
    }

    #[instrument(name = "pg.blob_store.remove", skip_all)]
    async fn remove(&self, company_id: CompanyId, key: BlobKey) -> Result<(), BlobError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| blob_chunks::delete(connection, company_id, key).await)
            .await?;
        Ok(())
    }
}

impl Position {
    /// The next piece, until all bytes were read.
    async fn read(mut self) -> Result<Option<(Bytes, Self)>, BlobError> {
        if self.left == 0 {
            return Ok(None);
        }
        let Self { company, company_id, key, next, left } = &mut self;
        let (company_id, key, number) = (*company_id, *key, *next);
        let piece = company
            .run(async |connection: &mut AsyncPgConnection| {
                blob_chunks::find(connection, company_id, key, number).await
            })
            .await?;
        let piece = piece.ok_or_else(|| BlobError::Broken("they were removed meanwhile".into()))?;
        *next += 1;
        *left = left.saturating_sub(piece.len() as u64);
        Ok(Some((piece.into(), self)))
    }
}

async fn put_bytes(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    key: BlobKey,
    bytes: &[u8],
) -> Result<(), Abort<BlobError>> {
    // An empty file is one empty piece: without any there is none.
    let pieces = bytes.chunks(PIECE).chain(bytes.is_empty().then_some(bytes));
    for (number, piece) in (0..).zip(pieces) {
        blob_chunks::insert(connection, company_id, key, number, piece).await?;
    }
    Ok(())
}

async fn put_file(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    key: BlobKey,
    path: &Path,
    size: u64,
) -> Result<(), Abort<BlobError>> {
    let mut file = File::open(path).await.map_err(unreadable)?;
    let mut piece = Vec::with_capacity(PIECE);
    let (mut number, mut read) = (0, 0);
    loop {
        piece.clear();
        (&mut file).take(PIECE as u64).read_to_end(&mut piece).await.map_err(unreadable)?;
        if piece.is_empty() && number > 0 {
            break;
        }
        read += piece.len() as u64;
        blob_chunks::insert(connection, company_id, key, number, &piece).await?;
        number += 1;
        if piece.len() < PIECE {
            break;
        }
    }
    if read != size {
        return Err(unreadable(io::Error::other(format!("the file was to have {size} bytes and has {read}"))));
    }
    Ok(())
}

fn unreadable(error: io::Error) -> Abort<BlobError> {
    Abort::Decided(BlobError::Broken(Box::new(error)))
}
