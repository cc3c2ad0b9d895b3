//! [`ConnectSessionStore`] on a company's database.

use async_trait::async_trait;
use cortex_connections::model::ConnectSession;
use cortex_connections::ports::ConnectSessionStore;
use cortex_kernel::{CompanyId, Provider, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use time::OffsetDateTime;
use tracing::instrument;

use crate::Pool;
use crate::tables::connect_sessions;

/// Connect sessions in a company's database.
pub struct PgConnectSessionStore {
    company: Pool,
}

impl PgConnectSessionStore {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ConnectSessionStore for PgConnectSessionStore {
    #[instrument(name = "pg.connect_session_store.remember", skip_all)]
    async fn remember(&self, session: &ConnectSession) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| connect_sessions::insert(connection, session).await)
            .await
    }

    #[instrument(name = "pg.connect_session_store.find_open", skip_all)]
    async fn find_open(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
        now: OffsetDateTime,
    ) -> Result<Option<ConnectSession>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                connect_sessions::find_open(connection, company_id, user_id, provider, now).await
            })
            .await?;
        Ok(row.map(ConnectSession::try_from).transpose()?)
    }
}
