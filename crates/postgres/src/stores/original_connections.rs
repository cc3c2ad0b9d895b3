//! [`OriginalConnections`] on Master.

use async_trait::async_trait;
use cortex_connections::model::{ConnectedAccount, OriginalConnection, OriginalDecision};
use cortex_connections::ports::OriginalConnections;
use cortex_kernel::{CompanyId, Provider, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::{locks, nango_original_connections};

/// The accounts that people first connected, in Master.
pub struct PgOriginalConnections {
    master: Pool,
}

impl PgOriginalConnections {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl OriginalConnections for PgOriginalConnections {
    #[instrument(name = "pg.original_connections.note", skip_all)]
    async fn note(&self, connected: &ConnectedAccount) -> Result<(), StoreError> {
        let ConnectedAccount { owner, provider, .. } = connected;
        // There may be no row yet that could be locked.
        let name = &[format!("original connection of {} {} {provider}", owner.company_id, owner.user_id)];
        self.master
            .transaction(async |connection: &mut AsyncPgConnection| {
                locks::hold(connection, name).await?;
                let noted =
                    nango_original_connections::find(connection, owner.company_id, owner.user_id, *provider).await?;
                let noted = noted.map(OriginalConnection::from);
                match connected.against(noted.as_ref()) {
                    OriginalDecision::Begin => nango_original_connections::begin(connection, connected).await?,
                    OriginalDecision::Count => nango_original_connections::count(connection, connected).await?,
                    OriginalDecision::Keep => {}
                }
                Ok(())
            })
            .await
    }

    #[instrument(name = "pg.original_connections.find_original", skip_all)]
    async fn find_original(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
    ) -> Result<Option<OriginalConnection>, StoreError> {
        let row = self
            .master
            .run(async |connection: &mut AsyncPgConnection| {
                nango_original_connections::find(connection, company_id, user_id, provider).await
            })
            .await?;
        Ok(row.map(OriginalConnection::from))
    }
}
