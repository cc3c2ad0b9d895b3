//! [`BlobRemovals`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_ingestion::model::BlobKey;
use cortex_ingestion::ports::BlobRemovals;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::blob_removals;

/// Original bytes that are to be removed, in a company's database.
pub struct PgBlobRemovals {
    company: Pool,
}

impl PgBlobRemovals {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl BlobRemovals for PgBlobRemovals {
    #[instrument(name = "pg.blob_removals.announce", skip_all)]
    async fn announce(&self, company_id: CompanyId, key: BlobKey, within: Duration) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                blob_removals::insert(connection, company_id, key, within).await
            })
            .await
    }

    #[instrument(name = "pg.blob_removals.claim_due", skip_all)]
    async fn claim_due(&self, company_id: CompanyId, most: u16, hold: Duration) -> Result<Vec<BlobKey>, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                blob_removals::claim_due(connection, company_id, most.into(), hold).await
            })
            .await
    }

    #[instrument(name = "pg.blob_removals.forget", skip_all)]
    async fn forget(&self, company_id: CompanyId, keys: &[BlobKey]) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| blob_removals::delete(connection, company_id, keys).await)
            .await
    }
}
