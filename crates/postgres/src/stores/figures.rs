//! [`Figures`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{DayFigures, KindCount, MailsWanted, Stretch, SummarySource};
use cortex_insights::ports::Figures;
use cortex_kernel::{CompanyId, DocumentId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::figures;

/// What there was in a company's database, day by day.
pub struct PgFigures {
    company: Pool,
}

impl PgFigures {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Figures for PgFigures {
    #[instrument(name = "pg.figures.count_kinds", skip_all)]
    async fn count_kinds(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<KindCount>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| figures::count_kinds(connection, company_id, stretch).await)
            .await?;
        Ok(rows.into_iter().map(KindCount::from).collect())
    }

    #[instrument(name = "pg.figures.list_days", skip_all)]
    async fn list_days(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<DayFigures>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| figures::list_days(connection, company_id, stretch).await)
            .await?;
        Ok(rows.into_iter().map(DayFigures::try_from).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.figures.list_mails", skip_all)]
    async fn list_mails(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        wanted: &MailsWanted,
        most: u16,
    ) -> Result<Vec<SummarySource>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                figures::list_mails(connection, company_id, stretch, wanted, most).await
            })
            .await?;
        Ok(rows.into_iter().map(SummarySource::from).collect())
    }

    #[instrument(name = "pg.figures.describe", skip_all)]
    async fn describe(&self, company_id: CompanyId, ids: &[DocumentId]) -> Result<Vec<SummarySource>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| figures::describe(connection, company_id, ids).await)
            .await?;
        Ok(rows.into_iter().map(SummarySource::from).collect())
    }
}
