//! The contract of [`BlobStore`], one case a bullet, and what an implementation brings to run them.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::io::Write as _;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use cortex_kernel::CompanyId;
use futures_util::TryStreamExt as _;
use tempfile::NamedTempFile;
use uuid::Uuid;

use super::{COMPANY_A, COMPANY_B, InMemoryBlobStore};
use crate::model::{BlobKey, FileBody};
use crate::ports::{BlobError, BlobStore};

/// A fresh, empty store.
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn store(&self, company_id: CompanyId) -> Arc<dyn BlobStore>;
}

/// [`InMemoryBlobStore`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryBlobStore>);

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! blob_store_contract {
    ($harness:expr) => {
        $crate::blob_store_contract! { $harness =>
            what_was_kept_is_read_back_as_it_was,
            an_empty_file_is_kept_too,
            a_file_larger_than_a_piece_is_read_back_in_pieces,
            of_a_file_that_cannot_be_read_whole_nothing_is_kept,
            nothing_is_kept_under_another_key,
            another_companys_bytes_read_as_absent,
            what_was_removed_is_absent,
            removing_what_is_absent_changes_nothing,
            what_is_kept_again_under_its_key_is_the_same,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::blob_store::$case(&$harness).await;
            }
        )+
    };
}

/// No piece may be larger: several go out at once.
const LARGEST_PIECE: usize = 8 * 1024 * 1024;

impl Harness for InMemoryHarness {
    fn store(&self, _: CompanyId) -> Arc<dyn BlobStore> {
        self.0.clone()
    }
}

pub async fn what_was_kept_is_read_back_as_it_was(harness: &impl Harness) {
    let file = file_of(b"on disk\0\xff");
    let bodies = [FileBody::InMemory(Bytes::from_static(b"in memory\0\xff")), on_disk(&file, 9)];
    for (number, body) in (1..).zip(bodies) {
        put(harness, key(number), body).await.expect("room");
    }

    assert_eq!(read(harness, COMPANY_A, key(1)).await.expect("bytes"), b"in memory\0\xff".as_slice());
    assert_eq!(read(harness, COMPANY_A, key(2)).await.expect("bytes"), b"on disk\0\xff".as_slice());
}

pub async fn an_empty_file_is_kept_too(harness: &impl Harness) {
    let file = file_of(b"");
    put(harness, key(1), FileBody::InMemory(Bytes::new())).await.expect("room");
    put(harness, key(2), on_disk(&file, 0)).await.expect("room");

    for number in [1, 2] {
        assert_eq!(read(harness, COMPANY_A, key(number)).await.expect("a file"), Bytes::new());
    }
}

pub async fn a_file_larger_than_a_piece_is_read_back_in_pieces(harness: &impl Harness) {
    let large: Bytes = (0..=250).cycle().take(LARGEST_PIECE + 4_711).collect();
    let file = file_of(&large);
    put(harness, key(1), on_disk(&file, large.len() as u64)).await.expect("room");
    put(harness, key(2), FileBody::InMemory(large.clone())).await.expect("room");

    for number in [1, 2] {
        let blob = harness.store(COMPANY_A).get(COMPANY_A, key(number)).await.expect("an answer").expect("bytes");
        assert_eq!(blob.size, large.len() as u64);
        let pieces: Vec<Bytes> = blob.pieces.try_collect().await.expect("all of it");
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= LARGEST_PIECE));
        assert!(pieces.concat() == large, "the same bytes in the same order");
    }
}

pub async fn of_a_file_that_cannot_be_read_whole_nothing_is_kept(harness: &impl Harness) {
    let (shorter, longer, gone) = (file_of(b"abc"), file_of(b"abcdef"), file_of(b"abcd"));
    let gone_body = on_disk(&gone, 4);
    drop(gone);
    for body in [on_disk(&shorter, 4), on_disk(&longer, 4), gone_body] {
        let outcome = put(harness, key(1), body).await;

        assert!(matches!(outcome, Err(BlobError::Broken(_))), "{outcome:?}");
        assert_eq!(read(harness, COMPANY_A, key(1)).await, None);
    }
}

pub async fn nothing_is_kept_under_another_key(harness: &impl Harness) {
    put(harness, key(1), FileBody::InMemory(Bytes::from_static(b"one"))).await.expect("room");

    assert_eq!(read(harness, COMPANY_A, key(2)).await, None);
}

pub async fn another_companys_bytes_read_as_absent(harness: &impl Harness) {
    let elsewhere = harness.store(COMPANY_B);
    let body = FileBody::InMemory(Bytes::from_static(b"one"));
    elsewhere.put(COMPANY_B, key(1), body).await.expect("room");

    assert_eq!(read(harness, COMPANY_A, key(1)).await, None);
    harness.store(COMPANY_A).remove(COMPANY_A, key(1)).await.expect("an answer");
    assert_eq!(read(harness, COMPANY_B, key(1)).await.expect("bytes"), b"one".as_slice());
}

pub async fn what_was_removed_is_absent(harness: &impl Harness) {
    for number in [1, 2] {
        put(harness, key(number), FileBody::InMemory(Bytes::from_static(b"bytes"))).await.expect("room");
    }

    harness.store(COMPANY_A).remove(COMPANY_A, key(1)).await.expect("an answer");

    assert_eq!(read(harness, COMPANY_A, key(1)).await, None);
    assert_eq!(read(harness, COMPANY_A, key(2)).await.expect("bytes"), b"bytes".as_slice());
}

pub async fn removing_what_is_absent_changes_nothing(harness: &impl Harness) {
    put(harness, key(1), FileBody::InMemory(Bytes::from_static(b"bytes"))).await.expect("room");

    harness.store(COMPANY_A).remove(COMPANY_A, key(2)).await.expect("an answer");

    assert_eq!(read(harness, COMPANY_A, key(1)).await.expect("bytes"), b"bytes".as_slice());
}

pub async fn what_is_kept_again_under_its_key_is_the_same(harness: &impl Harness) {
    for _ in 0..2 {
        put(harness, key(1), FileBody::InMemory(Bytes::from_static(b"bytes"))).await.expect("room");
    }

    assert_eq!(read(harness, COMPANY_A, key(1)).await.expect("bytes"), b"bytes".as_slice());
}

fn key(number: u128) -> BlobKey {
    BlobKey::new(Uuid::from_u128(number))
}

fn file_of(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("room");
    file
}

fn on_disk(file: &NamedTempFile, size: u64) -> FileBody {
    FileBody::OnDisk { path: file.path().to_owned(), size }
}

async fn put(harness: &impl Harness, key: BlobKey, body: FileBody) -> Result<(), BlobError> {
    harness.store(COMPANY_A).put(COMPANY_A, key, body).await
}

/// The whole file.
async fn read(harness: &impl Harness, company_id: CompanyId, key: BlobKey) -> Option<Bytes> {
    let blob = harness.store(company_id).get(company_id, key).await.expect("an answer")?;
    let bytes: BytesMut = blob.pieces.try_collect().await.expect("all of it");
    assert_eq!(bytes.len() as u64, blob.size);
    Some(bytes.freeze())
}
