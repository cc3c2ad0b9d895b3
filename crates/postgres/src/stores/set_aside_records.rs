//! [`SetAsideRecords`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_ingestion::model::{InvalidCursor, SetAsideQuery, SetAsideView};
use cortex_ingestion::ports::{ListError, SetAsideRecords};
use cortex_kernel::{CompanyId, Page, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use super::newest_first::{bounds, page_of};
use crate::Pool;
use crate::tables::set_aside_records;

/// What could not be taken in, in a company's database.
pub struct PgSetAsideRecords {
    company: Pool,
}

impl PgSetAsideRecords {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl SetAsideRecords for PgSetAsideRecords {
    #[instrument(name = "pg.set_aside_records.list", skip_all)]
    async fn list(&self, company_id: CompanyId, query: &SetAsideQuery) -> Result<Page<SetAsideView>, ListError> {
        let (before, rows) = bounds(&query.page).map_err(|_| InvalidCursor)?;
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                set_aside_records::list(connection, company_id, query.filter, before, rows).await
            })
            .await?;
        let views: Vec<_> =
            rows.into_iter().map(SetAsideView::try_from).collect::<Result<_, _>>().map_err(StoreError::from)?;
        Ok(page_of(views, &query.page, |view| view.id))
    }

    #[instrument(name = "pg.set_aside_records.forget", skip_all)]
    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                set_aside_records::forget(connection, company_id, age, most.into()).await
            })
            .await
    }
}
