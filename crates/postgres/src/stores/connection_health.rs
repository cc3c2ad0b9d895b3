//! [`ConnectionHealth`] on a company's database.
//!
//! Whoever ends a job takes its row first and the connection's after it, here too.

use async_trait::async_trait;
use cortex_connections::model::{BrokerReference, Connection, Fetch, StatusReason};
use cortex_connections::ports::ConnectionHealth;
use cortex_kernel::{CompanyId, Origin, StoreError};
use cortex_sync_jobs::model::{Failure, JobStatus};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use time::OffsetDateTime;
use tracing::instrument;

use crate::tables::sync_jobs::Which;
use crate::tables::{admin_audit_log, connection_health, connections, sync_jobs, sync_locks};
use crate::{Abort, Pool};

/// How connections fare, in a company's database.
pub struct PgConnectionHealth {
    company: Pool,
}

/// Why nothing was written.
enum Stop {
    NoNews,
    Failed(StoreError),
}

impl PgConnectionHealth {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ConnectionHealth for PgConnectionHealth {
    #[instrument(name = "pg.connection_health.find_brokered", skip_all)]
    async fn find_brokered(
        &self,
        company_id: CompanyId,
        reference: &BrokerReference,
    ) -> Result<Option<Connection>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                connections::find_brokered(connection, company_id, reference).await
            })
            .await?;
        Ok(row.map(Connection::try_from).transpose()?)
    }

    #[instrument(name = "pg.connection_health.is_nobodys", skip_all)]
    async fn is_nobodys(&self, company_id: CompanyId, reference: &BrokerReference) -> Result<bool, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                connection_health::is_nobodys(connection, company_id, reference).await
            })
            .await
    }

    #[instrument(name = "pg.connection_health.mark_needs_reauthorization", skip_all)]
    async fn mark_needs_reauthorization(
        &self,
        read: &Connection,
        reason: StatusReason,
        at: OffsetDateTime,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let company_id = read.owner.company_id;
        let failure = &Failure::new("needs_reauthorization", "The account has to be connected again.");
        let marked = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                if !connection_health::is_active(connection, read).await? {
                    return Err(Abort::Decided(Stop::NoNews));
                }
                let failed = JobStatus::Failed;
                let which = Which::OfConnection(read.id);
                let mut jobs = sync_jobs::end(connection, company_id, which, failed, failure).await?;
                if !connection_health::mark_needs_reauthorization(connection, read, reason, at).await? {
                    return Err(Abort::Decided(Stop::NoNews));
                }
                // One that was begun before the row was held; none can be begun after it.
                jobs.extend(sync_jobs::end(connection, company_id, which, failed, failure).await?);
                let jobs: Vec<_> = jobs.iter().map(sync_jobs::Row::id).collect();
                sync_locks::release(connection, company_id, &jobs).await?;
                Ok(tell(connection, read, "connection_needs_reauthorization", Some(reason), origin).await?)
            })
            .await;
        is_news(marked)
    }

    #[instrument(name = "pg.connection_health.mark_healthy", skip_all)]
    async fn mark_healthy(&self, read: &Connection, at: OffsetDateTime, origin: &Origin) -> Result<bool, StoreError> {
        let marked = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| {
                if !connection_health::mark_healthy(connection, read, at).await? {
                    return Err(Abort::Decided(Stop::NoNews));
                }
                Ok(tell(connection, read, "connection_recovered", None, origin).await?)
            })
            .await;
        is_news(marked)
    }

    #[instrument(name = "pg.connection_health.note_fetch", skip_all)]
    async fn note_fetch(&self, read: &Connection, fetch: Fetch) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                connection_health::note_fetch(connection, read, fetch).await
            })
            .await
    }
}

/// The audit row of a change: the broker was found to say so.
async fn tell(
    connection: &mut AsyncPgConnection,
    changed: &Connection,
    action: &str,
    reason: Option<StatusReason>,
    origin: &Origin,
) -> diesel::QueryResult<()> {
    let entry = admin_audit_log::Entry {
        company_id: changed.owner.company_id,
        user_id: Some(changed.owner.user_id),
        session_id: None,
        action,
        resource_type: "connection",
        resource_id: changed.id.to_string(),
        details: json!({
            "provider": changed.provider.name(),
            "connection_id": changed.broker_id.as_str(),
            "reason": reason.map(StatusReason::name),
        }),
        origin,
    };
    admin_audit_log::insert(connection, &entry).await
}

fn is_news(marked: Result<(), Stop>) -> Result<bool, StoreError> {
    match marked {
        Ok(()) => Ok(true),
        Err(Stop::NoNews) => Ok(false),
        Err(Stop::Failed(error)) => Err(error),
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}
