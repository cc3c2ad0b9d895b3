//! [`DocumentCounts`] on a company's database.

use async_trait::async_trait;
use cortex_ingestion::model::SourceName;
use cortex_ingestion::ports::DocumentCounts;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::document_days::{self, SourceRow};

/// How many documents stand in a company's database.
pub struct PgDocumentCounts {
    company: Pool,
}

impl PgDocumentCounts {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl DocumentCounts for PgDocumentCounts {
    #[instrument(name = "pg.document_counts.count_by_source", skip_all)]
    async fn count_by_source(&self, company_id: CompanyId) -> Result<Vec<(SourceName, u64)>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                document_days::count_by_source(connection, company_id).await
            })
            .await?;
        Ok(rows.into_iter().map(SourceRow::into_pair).collect())
    }
}
