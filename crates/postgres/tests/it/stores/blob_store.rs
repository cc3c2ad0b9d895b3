//! [`PgBlobStore`].

use std::sync::Arc;

use bytes::Bytes;
use cortex_ingestion::model::{BlobKey, FileBody};
use cortex_ingestion::ports::{BlobError, BlobStore};
use cortex_ingestion::testing::blob_store::Harness;
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::CompanyId;
use cortex_postgres::Pooler;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgBlobStore;
use futures_util::TryStreamExt as _;
use uuid::Uuid;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

impl Harness for PgHarness {
    fn store(&self, company_id: CompanyId) -> Arc<dyn BlobStore> {
        Arc::new(PgBlobStore::new(self.0.pool(company_id)))
    }
}

cortex_ingestion::blob_store_contract!(PgHarness::new().await);

const KEY: BlobKey = BlobKey::new(Uuid::from_u128(1));

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    cortex_ingestion::testing::blob_store::another_companys_bytes_read_as_absent(&harness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_it_works_too() {
    let world = World::with(Database::Company, [COMPANY_A, COMPANY_B], Pooler::Transaction).await;
    let harness = PgHarness(world);

    cortex_ingestion::testing::blob_store::a_file_larger_than_a_piece_is_read_back_in_pieces(&harness).await;
}

/// What is written down beside the documents is not compressed once more.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_rows_of_a_mebibyte_as_they_are() {
    let harness = PgHarness::new().await;
    let body = FileBody::InMemory(Bytes::from(vec![0; 2 * 1024 * 1024 + 1]));
    harness.store(COMPANY_A).put(COMPANY_A, KEY, body).await.unwrap();

    let query = "select octet_length(bytes), pg_column_size(bytes) from blob_chunks order by number";
    let rows = harness.0.superuser().query(query, &[]).await.unwrap();

    let sizes: Vec<(i32, i32)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let (piece, last) = (1024 * 1024, (1, 2));
    assert_eq!(sizes, [(piece, piece), (piece, piece), last]);
}

/// Pieces are read one by one, so somebody may remove the file in the midst of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_file_is_removed_is_told() {
    let harness = PgHarness::new().await;
    let store = harness.store(COMPANY_A);
    store.put(COMPANY_A, KEY, FileBody::InMemory(Bytes::from(vec![1; 1024 * 1024 + 1]))).await.unwrap();
    let mut blob = store.get(COMPANY_A, KEY).await.unwrap().unwrap();
    assert!(blob.pieces.try_next().await.unwrap().is_some());

    store.remove(COMPANY_A, KEY).await.unwrap();

    let next = blob.pieces.try_next().await;
    assert!(matches!(next, Err(BlobError::Broken(_))), "{next:?}");
}
