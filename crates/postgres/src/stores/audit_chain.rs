//! [`AuditChain`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_identity::model::audit::{EntryFacts, Finding, Link};
use cortex_identity::ports::AuditChain;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use time::OffsetDateTime;
use tracing::instrument;
use uuid::Uuid;

use crate::Pool;
use crate::tables::audit_chain;

/// The chain of a company's audit log, for whoever checks it.
pub struct PgAuditChain {
    company: Pool,
}

impl PgAuditChain {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl AuditChain for PgAuditChain {
    #[instrument(name = "pg.audit_chain.list_links", skip_all)]
    async fn list_links(&self, company_id: CompanyId, after: Option<u64>, limit: u16) -> Result<Vec<Link>, StoreError> {
        // Before the first one, whatever its number is.
        let after = after.map_or(i64::MIN, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                audit_chain::list_links(connection, company_id, after, limit).await
            })
            .await?;
        Ok(rows.into_iter().map(Link::from).collect())
    }

    #[instrument(name = "pg.audit_chain.list_past", skip_all)]
    async fn list_past(
        &self,
        company_id: CompanyId,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<EntryFacts>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                audit_chain::list_past(connection, company_id, after, limit).await
            })
            .await?;
        Ok(rows.into_iter().filter_map(Option::from).collect())
    }

    #[instrument(name = "pg.audit_chain.find_overdue", skip_all)]
    async fn find_overdue(&self, company_id: CompanyId, patience: Duration) -> Result<Option<Finding>, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                if let Some(entry) = audit_chain::find_gone(connection, company_id).await? {
                    return Ok(Some(Finding::GoneUnsealed { entry }));
                }
                let unsealed = audit_chain::find_unsealed(connection, company_id, patience).await?;
                Ok(unsealed.map(|entry| Finding::Unsealed { entry }))
            })
            .await
    }

    #[instrument(name = "pg.audit_chain.forgotten_before", skip_all)]
    async fn forgotten_before(&self, company_id: CompanyId) -> Result<Option<OffsetDateTime>, StoreError> {
        let told = self
            .company
            .run(async |connection: &mut AsyncPgConnection| audit_chain::forgotten_before(connection, company_id).await)
            .await?;
        Ok(told.transpose()?)
    }
}
