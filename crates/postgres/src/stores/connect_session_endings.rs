//! [`ConnectSessionEndings`] on a company's database.

use async_trait::async_trait;
use cortex_connections::model::{Connection, Refusal};
use cortex_connections::ports::ConnectSessionEndings;
use cortex_kernel::StoreError;
use diesel_async::AsyncPgConnection;
use serde_json::json;
use time::OffsetDateTime;
use tracing::instrument;

use crate::Pool;
use crate::tables::{admin_audit_log, broker_removals, connect_session_endings};

/// What became of connect sessions, in a company's database.
pub struct PgConnectSessionEndings {
    company: Pool,
}

impl PgConnectSessionEndings {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ConnectSessionEndings for PgConnectSessionEndings {
    #[instrument(name = "pg.connect_session_endings.complete", skip_all)]
    async fn complete(&self, brought: &Connection, at: OffsetDateTime) -> Result<(), StoreError> {
        let owner = &brought.owner;
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let (company_id, user_id) = (owner.company_id, owner.user_id);
                let latest =
                    connect_session_endings::lock_latest(connection, company_id, user_id, brought.provider).await?;
                if let Some(session) = latest {
                    connect_session_endings::complete(connection, &session, brought, at).await?;
                }
                Ok(())
            })
            .await
    }

    #[instrument(name = "pg.connect_session_endings.refuse", skip_all)]
    async fn refuse(&self, refusal: &Refusal) -> Result<(), StoreError> {
        let Refusal { owner, reference, reason, origin, .. } = refusal;
        let entry = &admin_audit_log::Entry {
            company_id: owner.company_id,
            user_id: Some(owner.user_id),
            session_id: None,
            action: "connection_failed",
            resource_type: "broker_connection",
            resource_id: reference.id.to_string(),
            details: json!({
                "provider": reference.provider.name(),
                "connection_id": reference.id.as_str(),
                "reason": reason.name(),
            }),
            origin,
        };
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let (company_id, user_id) = (owner.company_id, owner.user_id);
                let latest =
                    connect_session_endings::lock_latest(connection, company_id, user_id, reference.provider).await?;
                if latest.as_ref().is_some_and(|session| session.tells(refusal)) {
                    return Ok(());
                }
                if let Some(session) = latest {
                    connect_session_endings::refuse(connection, &session, refusal).await?;
                }
                if refusal.is_to_be_removed {
                    broker_removals::insert(connection, company_id, reference).await?;
                }
                Ok(admin_audit_log::insert(connection, entry).await?)
            })
            .await
    }
}
