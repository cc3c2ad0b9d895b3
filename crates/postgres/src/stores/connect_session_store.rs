//! [`ConnectSessionStore`] on a company's database.

use async_trait::async_trait;
use cortex_connections::model::ConnectSession;
use cortex_connections::ports::ConnectSessionStore;
use cortex_kernel::{CompanyId, Origin, Provider, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use time::OffsetDateTime;
use tracing::instrument;

use crate::Pool;
use crate::tables::{admin_audit_log, connect_sessions};

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
    async fn remember(&self, session: &ConnectSession, origin: &Origin) -> Result<(), StoreError> {
        let entry = &admin_audit_log::Entry {
            company_id: session.owner.company_id,
            user_id: Some(session.owner.user_id),
            session_id: None,
            action: session.purpose.audit_action(),
            resource_type: "connect_session",
            resource_id: session.id.0.to_string(),
            details: json!({ "provider": session.provider.name() }),
            origin,
        };
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                connect_sessions::insert(connection, session).await?;
                Ok(admin_audit_log::insert(connection, entry).await?)
            })
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

    #[instrument(name = "pg.connect_session_store.forget", skip_all)]
    async fn forget(&self, company_id: CompanyId, before: OffsetDateTime, most: u16) -> Result<usize, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                connect_sessions::forget(connection, company_id, before, most.into()).await
            })
            .await
    }
}
