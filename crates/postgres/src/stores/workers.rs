//! [`Workers`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use cortex_sync_jobs::model::{KnownWorker, WorkerSign};
use cortex_sync_jobs::ports::Workers;
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::workers;

/// Workers in a company's database.
pub struct PgWorkers {
    company: Pool,
}

impl PgWorkers {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Workers for PgWorkers {
    #[instrument(name = "pg.workers.note", skip_all)]
    async fn note(&self, company_id: CompanyId, sign: &WorkerSign, ago: Duration) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| workers::note(connection, company_id, sign, ago).await)
            .await
    }

    #[instrument(name = "pg.workers.forget", skip_all)]
    async fn forget(&self, company_id: CompanyId, name: &str) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| workers::forget(connection, company_id, name).await)
            .await
    }

    #[instrument(name = "pg.workers.list", skip_all)]
    async fn list(&self, company_id: CompanyId) -> Result<Vec<KnownWorker>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| workers::list(connection, company_id).await)
            .await?;
        Ok(workers::together(rows)?)
    }
}
