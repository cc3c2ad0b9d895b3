//! [`ConnectionDirectory`] on a company's database.

use async_trait::async_trait;
use cortex_connections::model::{Connection, ConnectionStatus, UnknownConnectionStatus};
use cortex_connections::ports::ConnectionDirectory;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::connections;

/// The connections in a company's database, for those who look after it.
pub struct PgConnectionDirectory {
    company: Pool,
}

impl PgConnectionDirectory {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ConnectionDirectory for PgConnectionDirectory {
    #[instrument(name = "pg.connection_directory.list_of", skip_all)]
    async fn list_of(&self, company_id: CompanyId, users: &[UserId]) -> Result<Vec<Connection>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| connections::list_of(connection, company_id, users).await)
            .await?;
        Ok(rows.into_iter().map(Connection::try_from).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.connection_directory.broker_ids", skip_all)]
    async fn broker_ids(
        &self,
        company_id: CompanyId,
        ids: &[ConnectionId],
    ) -> Result<Vec<(ConnectionId, BrokerConnectionId)>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| connections::broker_ids(connection, company_id, ids).await)
            .await?;
        Ok(rows.into_iter().map(|(id, broker)| (ConnectionId::new(id), BrokerConnectionId::new(broker))).collect())
    }

    #[instrument(name = "pg.connection_directory.count_by_status", skip_all)]
    async fn count_by_status(&self, company_id: CompanyId) -> Result<Vec<(ConnectionStatus, u64)>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| connections::count_by_status(connection, company_id).await)
            .await?;
        rows.into_iter()
            .map(|(status, count)| {
                let status =
                    status.parse().map_err(|error: UnknownConnectionStatus| StoreError::Broken(Box::new(error)))?;
                Ok((status, count.unsigned_abs()))
            })
            .collect()
    }
}
