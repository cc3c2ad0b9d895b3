//! [`DailyReports`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{DailyReport, DailyReportKind};
use cortex_insights::ports::DailyReports;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use time::Date;
use tracing::instrument;

use crate::Pool;
use crate::tables::daily_reports::{self, KeptReport};
use crate::tables::inconsistency::readable;

/// The reports of a company's days in its database.
pub struct PgDailyReports {
    company: Pool,
}

impl PgDailyReports {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl DailyReports for PgDailyReports {
    #[instrument(name = "pg.daily_reports.keep", skip_all)]
    async fn keep(&self, company_id: CompanyId, report: &DailyReport) -> Result<(), StoreError> {
        let kept = serde_json::to_value(KeptReport::from(report));
        let kept = &kept.map_err(|error| StoreError::Broken(Box::new(error)))?;
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                daily_reports::upsert(connection, company_id, report, kept).await
            })
            .await
    }

    #[instrument(name = "pg.daily_reports.find", skip_all)]
    async fn find(
        &self,
        company_id: CompanyId,
        kind: DailyReportKind,
        day: Date,
    ) -> Result<Option<DailyReport>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                daily_reports::find(connection, company_id, kind, day).await
            })
            .await?;
        Ok(row.map(DailyReport::try_from).transpose()?)
    }

    #[instrument(name = "pg.daily_reports.list_of_day", skip_all)]
    async fn list_of_day(&self, company_id: CompanyId, day: Date) -> Result<Vec<DailyReport>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                daily_reports::list_of_day(connection, company_id, day).await
            })
            .await?;
        Ok(readable(rows))
    }

    #[instrument(name = "pg.daily_reports.list_latest", skip_all)]
    async fn list_latest(&self, company_id: CompanyId, most: u16) -> Result<(u64, Vec<DailyReport>), StoreError> {
        let (total, rows) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let total = daily_reports::count(connection, company_id).await?;
                Ok((total, daily_reports::list_latest(connection, company_id, i64::from(most)).await?))
            })
            .await?;
        Ok((total.unsigned_abs(), readable(rows)))
    }
}
