//! [`SavedReports`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{
    NewSavedReport, Owner, ReportChange, ReportQuery, ReportStats, SavedReport, SavedReportPart,
};
use cortex_insights::ports::{MOST_SAVED, SaveReportError, SavedReports};
use cortex_kernel::{SavedReportId, StoreError};
use diesel_async::AsyncPgConnection;
use serde_json::Value;
use tracing::instrument;

use crate::tables::{locks, saved_reports};
use crate::{Abort, Pool};

/// The reports that people keep in a company's database.
pub struct PgSavedReports {
    company: Pool,
}

impl PgSavedReports {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl SavedReports for PgSavedReports {
    #[instrument(name = "pg.saved_reports.save", skip_all)]
    async fn save(&self, owner: Owner, report: &NewSavedReport) -> Result<(), SaveReportError> {
        let Owner { company_id, user_id } = owner;
        // Two at once would both find room for the last one.
        let name = &[format!("saved_reports {company_id} {user_id}")];
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                locks::hold(connection, name).await?;
                if saved_reports::count_own(connection, owner).await? >= i64::from(MOST_SAVED) {
                    return Err(Abort::Decided(SaveReportError::TooMany));
                }
                Ok(saved_reports::insert(connection, owner, report).await?)
            })
            .await
    }

    #[instrument(name = "pg.saved_reports.list", skip_all)]
    async fn list(&self, owner: Owner, query: &ReportQuery) -> Result<SavedReportPart, StoreError> {
        let (total, rows) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let total = saved_reports::count(connection, owner, query).await?;
                Ok((total, saved_reports::list(connection, owner, query).await?))
            })
            .await?;
        let reports = rows.into_iter().map(SavedReport::from).collect();
        Ok(SavedReportPart { total: total.unsigned_abs(), reports })
    }

    #[instrument(name = "pg.saved_reports.open", skip_all)]
    async fn open(&self, owner: Owner, id: SavedReportId) -> Result<Option<(SavedReport, Value)>, StoreError> {
        let found = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                match saved_reports::look_at_own(connection, owner, id).await? {
                    Some(own) => Ok(Some(own)),
                    None => saved_reports::find_shared(connection, owner, id).await,
                }
            })
            .await?;
        Ok(found.map(|row| (row.report.into(), row.report_data)))
    }

    #[instrument(name = "pg.saved_reports.change", skip_all)]
    async fn change(
        &self,
        owner: Owner,
        id: SavedReportId,
        change: &ReportChange,
    ) -> Result<Option<SavedReport>, StoreError> {
        let changed = self
            .company
            .run(async |connection: &mut AsyncPgConnection| saved_reports::update(connection, owner, id, change).await)
            .await?;
        Ok(changed.map(SavedReport::from))
    }

    #[instrument(name = "pg.saved_reports.star", skip_all)]
    async fn star(&self, owner: Owner, id: SavedReportId, starred: Option<bool>) -> Result<Option<bool>, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| saved_reports::star(connection, owner, id, starred).await)
            .await
    }

    #[instrument(name = "pg.saved_reports.delete", skip_all)]
    async fn delete(&self, owner: Owner, id: SavedReportId) -> Result<bool, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| saved_reports::delete(connection, owner, id).await)
            .await
    }

    #[instrument(name = "pg.saved_reports.count", skip_all)]
    async fn count(&self, owner: Owner) -> Result<ReportStats, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| saved_reports::count_types(connection, owner).await)
            .await?;
        Ok(saved_reports::stats(rows))
    }
}
