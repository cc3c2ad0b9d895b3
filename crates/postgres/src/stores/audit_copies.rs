//! [`AuditCopies`] on a company's database.

use async_trait::async_trait;
use cortex_identity::model::audit::MasterAction;
use cortex_identity::ports::AuditCopies;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::audit_entries;

/// Copies of Master's actions in a company's audit log.
pub struct PgAuditCopies {
    company: Pool,
}

impl PgAuditCopies {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl AuditCopies for PgAuditCopies {
    #[instrument(name = "pg.audit_copies.copy", skip_all)]
    async fn copy(&self, company_id: CompanyId, actions: &[MasterAction]) -> Result<usize, StoreError> {
        if actions.is_empty() {
            return Ok(0);
        }
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                Ok(audit_entries::copy(connection, company_id, actions).await?)
            })
            .await
    }
}
