//! [`UnclaimedConnections`] on a company's database.

use async_trait::async_trait;
use cortex_connections::model::{ProviderAccount, UnclaimedConnection};
use cortex_connections::ports::UnclaimedConnections;
use cortex_kernel::{CompanyId, ConnectionId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::inconsistency::readable;
use crate::tables::unclaimed_connections;

/// Connections without user in a company's database.
pub struct PgUnclaimedConnections {
    company: Pool,
}

impl PgUnclaimedConnections {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl UnclaimedConnections for PgUnclaimedConnections {
    #[instrument(name = "pg.unclaimed_connections.list_unclaimed", skip_all)]
    async fn list_unclaimed(&self, company_id: CompanyId) -> Result<Vec<UnclaimedConnection>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| unclaimed_connections::list(connection, company_id).await)
            .await?;
        Ok(readable(rows))
    }

    #[instrument(name = "pg.unclaimed_connections.identify_unclaimed", skip_all)]
    async fn identify_unclaimed(
        &self,
        company_id: CompanyId,
        id: ConnectionId,
        account: &ProviderAccount,
    ) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                unclaimed_connections::identify(connection, company_id, id, account).await
            })
            .await
    }
}
