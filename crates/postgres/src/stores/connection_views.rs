//! [`ConnectionViews`] on a company's database.

use async_trait::async_trait;
use cortex_connections::model::{CountedConnection, Standing, ViewFilter};
use cortex_connections::ports::{ConnectionViews, DirectoryError};
use cortex_kernel::{CompanyId, Page, PageRequest, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use super::newest_first::{bounds, page_of};
use crate::Pool;
use crate::tables::connection_views;

/// Connections in a company's database, as people see them.
pub struct PgConnectionViews {
    company: Pool,
}

impl PgConnectionViews {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ConnectionViews for PgConnectionViews {
    #[instrument(name = "pg.connection_views.find_standing", skip_all)]
    async fn find_standing(&self, company_id: CompanyId, user_id: UserId) -> Result<Vec<Standing>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                connection_views::find_standing(connection, company_id, user_id).await
            })
            .await?;
        Ok(rows.into_iter().map(Standing::try_from).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.connection_views.list_connections", skip_all)]
    async fn list_connections(
        &self,
        company_id: CompanyId,
        filter: &ViewFilter,
        page: &PageRequest,
    ) -> Result<Page<CountedConnection>, DirectoryError> {
        let (before, most) = bounds(page)?;
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                connection_views::list(connection, company_id, filter, before, most).await
            })
            .await?;
        let items =
            rows.into_iter().map(CountedConnection::try_from).collect::<Result<_, _>>().map_err(StoreError::from)?;
        Ok(page_of(items, page, |one: &CountedConnection| one.connection.id.get()))
    }
}
