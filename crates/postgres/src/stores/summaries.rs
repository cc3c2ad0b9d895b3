//! [`Summaries`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{KeptSummary, Span};
use cortex_insights::ports::Summaries;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::summaries;

/// The summaries in a company's database.
pub struct PgSummaries {
    company: Pool,
}

impl PgSummaries {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Summaries for PgSummaries {
    #[instrument(name = "pg.summaries.find", skip_all)]
    async fn find(&self, company_id: CompanyId, span: Span) -> Result<Option<KeptSummary>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| summaries::find(connection, company_id, span).await)
            .await?;
        Ok(row.and_then(|row| row.into_kept(span)))
    }

    #[instrument(name = "pg.summaries.keep", skip_all)]
    async fn keep(&self, company_id: CompanyId, summary: &KeptSummary) -> Result<(), StoreError> {
        let value = serde_json::to_value(&summary.summary).map_err(|error| StoreError::Broken(error.into()))?;
        let value = &value;
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                summaries::keep(connection, company_id, summary, value).await
            })
            .await
    }
}
