//! [`AuditRetention`] on a company's database.

use async_trait::async_trait;
use cortex_identity::ports::AuditRetention;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use time::OffsetDateTime;
use tracing::instrument;

use crate::Pool;
use crate::tables::audit_chain;

/// Forgets what is personal in a company's audit log.
pub struct PgAuditRetention {
    company: Pool,
}

impl PgAuditRetention {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl AuditRetention for PgAuditRetention {
    #[instrument(name = "pg.audit_retention.forget", skip_all)]
    async fn forget(&self, company_id: CompanyId, before: OffsetDateTime, most: u16) -> Result<u64, StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                Ok(audit_chain::forget_details(connection, company_id, before, most).await?)
            })
            .await
    }
}
