//! [`ReadingStates`] on a company's database.

use async_trait::async_trait;
use cortex_ingestion::model::ReadingState;
use cortex_ingestion::ports::ReadingStates;
use cortex_kernel::{CompanyId, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::reading_states;

/// How far the connections in a company's database were read.
pub struct PgReadingStates {
    company: Pool,
}

impl PgReadingStates {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ReadingStates for PgReadingStates {
    #[instrument(name = "pg.reading_states.list_own", skip_all)]
    async fn list_own(&self, company_id: CompanyId, user_id: UserId) -> Result<Vec<ReadingState>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                reading_states::list_own(connection, company_id, user_id).await
            })
            .await?;
        Ok(rows.into_iter().map(ReadingState::from).collect())
    }
}
