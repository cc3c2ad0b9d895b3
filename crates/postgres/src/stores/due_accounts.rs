//! [`DueAccounts`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Provider, StoreError, UserId};
use cortex_sync_jobs::ports::DueAccounts;
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::due_accounts;
use crate::tables::inconsistency::readable;

/// Accounts that were not read for long, in a company's database.
pub struct PgDueAccounts {
    company: Pool,
}

impl PgDueAccounts {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl DueAccounts for PgDueAccounts {
    #[instrument(name = "pg.due_accounts.list_due", skip_all)]
    async fn list_due(
        &self,
        company_id: CompanyId,
        interval: Duration,
        most: u16,
    ) -> Result<Vec<(UserId, Provider)>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                due_accounts::list(connection, company_id, interval, most.into()).await
            })
            .await?;
        Ok(readable(rows))
    }
}
