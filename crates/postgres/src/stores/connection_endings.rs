//! [`ConnectionEndings`] on a company's database.
//!
//! Whoever ends a job takes its row first, the connection's after it and documents last, here too.

use async_trait::async_trait;
use cortex_connections::model::{BrokerReference, Documents, EndConnection, EndedConnection, Holder, Purge, Purged};
use cortex_connections::ports::ConnectionEndings;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Provider, StoreError, UserId};
use cortex_sync_jobs::model::{Failure, JobStatus};
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use tracing::instrument;

use crate::tables::documents::Attached;
use crate::tables::inconsistency::Reading;
use crate::tables::sync_jobs::Which;
use crate::tables::{
    Inconsistency, admin_audit_log, broker_removals, connection_endings, documents, held_deletions, nango_sync_cursors,
    set_aside_records, sync_jobs, unfinished_contents,
};
use crate::{Abort, Pool};

/// The end of connections, in a company's database.
pub struct PgConnectionEndings {
    company: Pool,
}

/// Documents that one step of a purge looks at: about a second of work, for which they are locked. So many records that
/// were set aside go beside them.
const STEP: i64 = 1_000;

impl PgConnectionEndings {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ConnectionEndings for PgConnectionEndings {
    #[instrument(name = "pg.connection_endings.find_holder", skip_all)]
    async fn find_holder(&self, company_id: CompanyId, id: ConnectionId) -> Result<Option<Holder>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| connection_endings::find(connection, company_id, id).await)
            .await?;
        let Some(held) = row else { return Ok(None) };
        Ok(Some(owner_of(&held, id)?.map_or(Holder::Nobody, Holder::Person)))
    }

    #[instrument(name = "pg.connection_endings.end", skip_all, fields(connection.id = %end.id))]
    async fn end(&self, end: &EndConnection) -> Result<Option<EndedConnection>, StoreError> {
        self.company.transaction(async |connection: &mut AsyncPgConnection| end_in(connection, end).await).await
    }

    #[instrument(name = "pg.connection_endings.purge_some", skip_all, fields(connection.id = %purge.id))]
    async fn purge_some(&self, purge: &Purge) -> Result<Purged, StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let Purge { company_id, id, by, origin } = purge;
                let held = connection_endings::lock(connection, *company_id, *id).await?;
                if held.is_none_or(|held| !held.is_ended) {
                    // Connected again: what comes in now is wanted.
                    return Ok(Purged { documents: 0, is_done: true });
                }
                let brought = connection_endings::list_documents(connection, *company_id, *id, STEP).await?;
                // What hangs on a document goes with it, and is to be counted.
                let attached = documents::list_attached(connection, *company_id, *id, &brought).await?;
                let ids =
                    |of: &[Attached]| of.iter().map(|one| one.id).chain(brought.iter().copied()).collect::<Vec<_>>();
                documents::lock(connection, *company_id, &ids(&attached)).await?;
                let own: Vec<Attached> = attached.into_iter().filter(|one| one.is_live).collect();
                let going = ids(&own);
                connection_endings::delete_sources(connection, *company_id, *id, &going).await?;
                let removed = documents::delete_ownerless(connection, *company_id, &going).await?.len();
                if removed > 0 {
                    let details = json!({ "documents": removed });
                    tell(connection, *company_id, *by, "documents_purged", *id, details, origin).await?;
                }
                let set_aside = set_aside_records::purge(connection, *company_id, *id, STEP).await?;
                let is_done = i64::try_from(brought.len().max(set_aside)).is_ok_and(|most| most < STEP);
                Ok(Purged { documents: removed as u64, is_done })
            })
            .await
    }
}

/// Ends the connection within a transaction that may do more.
pub(super) async fn end_in(
    connection: &mut AsyncPgConnection,
    end: &EndConnection,
) -> Result<Option<EndedConnection>, Abort<StoreError>> {
    let EndConnection { company_id, id, by, documents, origin, .. } = end;
    let disconnected = &Failure::new("disconnected", "The account was disconnected.");
    let cancelled = JobStatus::Cancelled;
    let jobs = Which::OfConnection(*id);
    sync_jobs::end(connection, *company_id, jobs, cancelled, disconnected).await?;
    let Some(held) = connection_endings::lock(connection, *company_id, *id).await? else { return Ok(None) };
    // One that was begun before the row was held; none can be begun after it.
    sync_jobs::end(connection, *company_id, jobs, cancelled, disconnected).await?;
    let owner = owner_of(&held, *id).map_err(decided)?;
    let is_ended = held.is_ended;
    let reference = reference_of(held, *id).map_err(decided)?;
    if is_ended {
        return Ok(Some(EndedConnection { reference, is_new: false }));
    }
    connection_endings::end(connection, end).await?;
    held_deletions::drop_pending(connection, *company_id, *id).await?;
    unfinished_contents::forget(connection, *company_id, *id).await?;
    if let Some(owner) = owner {
        nango_sync_cursors::forget(connection, *company_id, owner, &reference.id).await?;
    }
    broker_removals::insert(connection, *company_id, &reference).await?;
    let details = json!({
        "provider": reference.provider.name(),
        "connection_id": reference.id.as_str(),
        "owner": owner.map(|owner| owner.to_string()),
        "documents": match documents {
            Documents::Keep => "keep",
            Documents::Purge => "purge",
        },
    });
    tell(connection, *company_id, *by, "connection_disconnected", *id, details, origin).await?;
    Ok(Some(EndedConnection { reference, is_new: true }))
}

async fn tell(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    by: UserId,
    action: &str,
    id: ConnectionId,
    details: Value,
    origin: &cortex_kernel::Origin,
) -> diesel::QueryResult<()> {
    let entry = admin_audit_log::Entry {
        company_id,
        user_id: Some(by),
        session_id: None,
        action,
        resource_type: "connection",
        resource_id: id.to_string(),
        details,
        origin,
    };
    admin_audit_log::insert(connection, &entry).await
}

fn owner_of(held: &connection_endings::Held, id: ConnectionId) -> Result<Option<UserId>, Inconsistency> {
    let reading = Reading { table: "connections", row: &id };
    held.user_id.as_deref().map(|user| reading.parse("user_id", user)).transpose()
}

fn reference_of(held: connection_endings::Held, id: ConnectionId) -> Result<BrokerReference, Inconsistency> {
    let reading = Reading { table: "connections", row: &id };
    let provider: Provider = reading.parse("provider_key", &held.provider_key)?;
    Ok(BrokerReference { provider, id: BrokerConnectionId::new(held.connection_id) })
}

fn decided(inconsistency: Inconsistency) -> Abort<StoreError> {
    Abort::Decided(inconsistency.into())
}
