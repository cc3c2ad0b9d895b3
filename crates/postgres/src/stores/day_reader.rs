//! [`DayReader`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{DayCounts, DayOf, Exchanges, MentionQuery, Mentions, Unanswered};
use cortex_insights::ports::DayReader;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::days;

/// Days, by a company's database.
pub struct PgDayReader {
    company: Pool,
}

impl PgDayReader {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl DayReader for PgDayReader {
    #[instrument(name = "pg.day_reader.count", skip_all)]
    async fn count(&self, company_id: CompanyId, day: &DayOf) -> Result<DayCounts, StoreError> {
        let (sources, hours) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let sources = days::count_sources(connection, company_id, day).await?;
                Ok((sources, days::count_hours(connection, company_id, day).await?))
            })
            .await?;
        Ok(days::counts(sources, hours))
    }

    #[instrument(name = "pg.day_reader.list_exchanges", skip_all)]
    async fn list_exchanges(&self, company_id: CompanyId, day: &DayOf, most: u16) -> Result<Exchanges, StoreError> {
        let (exchanged, partners) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let exchanged = days::count_exchanged(connection, company_id, day).await?;
                Ok((exchanged, days::list_partners(connection, company_id, day, most).await?))
            })
            .await?;
        Ok(days::exchanges(&exchanged, partners))
    }

    #[instrument(name = "pg.day_reader.list_unanswered", skip_all)]
    async fn list_unanswered(&self, company_id: CompanyId, day: &DayOf, most: u16) -> Result<Unanswered, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                days::list_unanswered(connection, company_id, day, most).await
            })
            .await?;
        Ok(days::unanswered(rows))
    }

    #[instrument(name = "pg.day_reader.find_mentions", skip_all)]
    async fn find_mentions(
        &self,
        company_id: CompanyId,
        day: &DayOf,
        query: MentionQuery,
    ) -> Result<Mentions, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                days::find_mentions(connection, company_id, day, query).await
            })
            .await?;
        Ok(days::mentions(rows))
    }
}
