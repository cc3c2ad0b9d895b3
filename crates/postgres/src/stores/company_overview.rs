//! [`CompanyOverview`] on a company's database.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cortex_insights::model::{ConnectionStanding, DocumentShare, NewDocuments, OwnAddresses, SyncTotals};
use cortex_insights::ports::CompanyOverview;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use time::OffsetDateTime;
use tracing::instrument;

use crate::Pool;
use crate::tables::company_overview;
use crate::tables::document_days;
use crate::tables::inconsistency::readable;

/// How a company stands, by its database.
pub struct PgCompanyOverview {
    company: Pool,
}

impl PgCompanyOverview {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl CompanyOverview for PgCompanyOverview {
    #[instrument(name = "pg.company_overview.count_documents", skip_all)]
    async fn count_documents(&self, company_id: CompanyId) -> Result<Vec<DocumentShare>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                document_days::count_by_source_and_person(connection, company_id).await
            })
            .await?;
        Ok(rows.into_iter().map(DocumentShare::from).collect())
    }

    #[instrument(name = "pg.company_overview.find_addresses", skip_all)]
    async fn find_addresses(
        &self,
        company_id: CompanyId,
        user_ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                company_overview::find_addresses(connection, company_id, user_ids).await
            })
            .await?;
        Ok(rows.into_iter().map(|row| (row.user_id, row.email)).collect())
    }

    #[instrument(name = "pg.company_overview.count_new", skip_all)]
    async fn count_new(&self, company_id: CompanyId, now: OffsetDateTime) -> Result<NewDocuments, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| document_days::count_new(connection, company_id, now).await)
            .await?;
        Ok(row.into())
    }

    #[instrument(name = "pg.company_overview.count_syncs", skip_all)]
    async fn count_syncs(&self, company_id: CompanyId, since: OffsetDateTime) -> Result<SyncTotals, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                company_overview::count_syncs(connection, company_id, since).await
            })
            .await?;
        Ok(row.into())
    }

    #[instrument(name = "pg.company_overview.list_connections", skip_all)]
    async fn list_connections(&self, company_id: CompanyId, most: u16) -> Result<Vec<ConnectionStanding>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                company_overview::list_connections(connection, company_id, most).await
            })
            .await?;
        Ok(readable(rows))
    }

    #[instrument(name = "pg.company_overview.list_own_addresses", skip_all)]
    async fn list_own_addresses(&self, company_id: CompanyId) -> Result<OwnAddresses, StoreError> {
        let addresses = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                company_overview::list_own_addresses(connection, company_id).await
            })
            .await?;
        Ok(OwnAddresses::new(addresses))
    }
}
