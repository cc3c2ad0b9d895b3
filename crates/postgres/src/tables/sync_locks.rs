//! What `connections` tell of syncs: whether one can be read, and how the lock of its initial sync stands. Rows without
//! user are from before people owned connections; nothing here reads or writes them.

use cortex_connections::model::ConnectionStatus;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, JobId};
use cortex_sync_jobs::model::{Access, SyncRequest, SyncState};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

diesel::table! {
    connections (id) {
        id -> Int8,
        tenant_id -> Text,
        provider_key -> Text,
        connection_id -> Text,
        user_id -> Nullable<Text>,
        status -> Text,
        can_manual_sync -> Nullable<Bool>,
        initial_sync_started_at -> Nullable<Timestamptz>,
        initial_sync_completed -> Nullable<Bool>,
        sync_lock_reason -> Nullable<Text>,
        updated_at -> Timestamptz,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = connections)]
pub(crate) struct Row {
    id: i64,
    connection_id: String,
    status: String,
    can_manual_sync: Option<bool>,
    initial_sync_started_at: Option<OffsetDateTime>,
    initial_sync_completed: Option<bool>,
}

/// Why a locked connection is locked, for people who look at the rows.
const REASON: &str = "initial sync started";

/// The person's connection of the provider.
pub(crate) async fn find(connection: &mut AsyncPgConnection, request: &SyncRequest) -> QueryResult<Option<Row>> {
    wanted(request).select(Row::as_select()).first(connection).await.optional()
}

/// The same, and nobody else changes it before the transaction ends.
pub(crate) async fn hold(connection: &mut AsyncPgConnection, request: &SyncRequest) -> QueryResult<Option<Row>> {
    wanted(request).select(Row::as_select()).for_update().first(connection).await.optional()
}

/// Locks it, as its initial sync begins.
pub(crate) async fn lock(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
) -> QueryResult<()> {
    let of_company = connections::table.filter(connections::tenant_id.eq(company_id.to_string()));
    diesel::update(of_company.filter(connections::id.eq(id.get())))
        .set((
            connections::can_manual_sync.eq(false),
            connections::initial_sync_started_at.eq(diesel::dsl::now),
            connections::sync_lock_reason.eq(REASON),
            connections::updated_at.eq(diesel::dsl::now),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes down that the initial sync which was this job is completed. Of other jobs it says nothing.
pub(crate) async fn complete(connection: &mut AsyncPgConnection, company_id: CompanyId, job: JobId) -> QueryResult<()> {
    sql("update connections set initial_sync_completed = true, initial_sync_completed_at = now(), updated_at = now() \
         from sync_jobs job \
         where job.tenant_id = $1 and job.id = $2 and job.kind = 'initial' \
           and connections.tenant_id = job.tenant_id and connections.id = job.connection_id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlUuid, _>(job.as_uuid())
    .execute(connection)
    .await?;
    Ok(())
}

/// Unlocks what was locked by those of these jobs that ended before their first page.
pub(crate) async fn release(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    jobs: &[Uuid],
) -> QueryResult<()> {
    sql("update connections set can_manual_sync = true, sync_lock_reason = null, updated_at = now() \
         from sync_jobs job \
         where job.tenant_id = $1 and job.id = any($2) and job.kind = 'initial' \
           and coalesce((job.progress ->> 'pages')::bigint, 0) = 0 \
           and connections.tenant_id = job.tenant_id and connections.id = job.connection_id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<SqlUuid>, _>(jobs)
    .execute(connection)
    .await?;
    Ok(())
}

impl Row {
    /// The broker's id of it.
    pub(crate) fn broker_id(&self) -> BrokerConnectionId {
        BrokerConnectionId::new(self.connection_id.clone())
    }
}

impl TryFrom<&Row> for SyncState {
    type Error = Inconsistency;

    fn try_from(row: &Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "connections", row: &row.id };
        let initial_completed = row.initial_sync_completed.unwrap_or(false);
        Ok(Self {
            connection_id: ConnectionId::new(row.id),
            access: match reading.parse("status", &row.status)? {
                ConnectionStatus::Active => Access::Open,
                ConnectionStatus::NeedsReauthorization => Access::NeedsReauthorization,
                ConnectionStatus::Disconnected => Access::Ended,
            },
            is_locked: row.can_manual_sync == Some(false),
            initial_began: initial_completed || row.initial_sync_started_at.is_some(),
            initial_completed,
        })
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn wanted(request: &SyncRequest) -> _ {
    let tenant_id: String = request.company_id.to_string();
    let user_id: String = request.user_id.to_string();
    let provider: &'static str = request.provider.name();
    connections::table
        .filter(connections::tenant_id.eq(tenant_id))
        .filter(connections::user_id.eq(user_id))
        .filter(connections::provider_key.eq(provider))
}
