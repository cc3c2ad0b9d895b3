//! [`ConnectionStore`] on a company's database.

use async_trait::async_trait;
use cortex_connections::model::{
    BrokerReference, Connect, Connection, ProviderAccount, SaveConnection, SaveDecision, SaveOutcome,
};
use cortex_connections::ports::{ConnectionStore, OwnedPart};
use cortex_kernel::{CompanyId, ConnectionId, Provider, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use tracing::instrument;

use crate::tables::inconsistency::readable;
use crate::tables::{
    admin_audit_log, broker_removals, connections, locks, nango_sync_cursors, quarantined_connections,
    unclaimed_connections,
};
use crate::{Abort, Pool};

/// Connections in a company's database.
pub struct PgConnectionStore {
    company: Pool,
}

impl PgConnectionStore {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ConnectionStore for PgConnectionStore {
    #[instrument(name = "pg.connection_store.save_connection", skip_all, fields(provider = %save.provider))]
    async fn save_connection(&self, save: &SaveConnection) -> Result<SaveOutcome, StoreError> {
        self.company.transaction(async |connection: &mut AsyncPgConnection| save_in(connection, save).await).await
    }

    #[instrument(name = "pg.connection_store.find_connection", skip_all, fields(%provider))]
    async fn find_connection(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
    ) -> Result<Option<Connection>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                connections::find(connection, company_id, user_id, provider).await
            })
            .await?;
        Ok(row.map(Connection::try_from).transpose()?)
    }

    #[instrument(name = "pg.connection_store.identify", skip_all)]
    async fn identify(&self, read: &Connection, account: &ProviderAccount) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| connections::identify(connection, read, account).await)
            .await
    }

    #[instrument(name = "pg.connection_store.list_owned", skip_all)]
    async fn list_owned(
        &self,
        company_id: CompanyId,
        after: Option<ConnectionId>,
        most: u16,
    ) -> Result<OwnedPart, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                connections::list_owned(connection, company_id, after, most.into()).await
            })
            .await?;
        let is_full = rows.len() >= usize::from(most);
        let next = rows.last().filter(|_| is_full).map(connections::Row::id);
        Ok(OwnedPart { connections: readable(rows), next })
    }

    #[instrument(name = "pg.connection_store.find_follow_up", skip_all)]
    async fn find_follow_up(&self, read: &Connection) -> Result<Option<Connect>, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| connections::find_follow_up(connection, read).await)
            .await?;
        Ok(row.map(<(Connection, Connect)>::try_from).transpose()?.map(|(_, connect)| connect))
    }

    #[instrument(name = "pg.connection_store.followed_up", skip_all)]
    async fn followed_up(&self, read: &Connection) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| connections::followed_up(connection, read).await)
            .await
    }

    #[instrument(name = "pg.connection_store.list_follow_ups", skip_all)]
    async fn list_follow_ups(&self, company_id: CompanyId) -> Result<Vec<(Connection, Connect)>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| connections::list_follow_ups(connection, company_id).await)
            .await?;
        Ok(readable(rows))
    }
}

async fn save_in(connection: &mut AsyncPgConnection, save: &SaveConnection) -> Result<SaveOutcome, Abort<StoreError>> {
    hold(connection, save).await?;
    if connections::is_anothers(connection, save).await? {
        return Ok(SaveOutcome::TakenByAnother);
    }
    let (company_id, user_id) = (save.owner.company_id, save.owner.user_id);
    let reference = BrokerReference { provider: save.provider, id: save.broker_id.clone() };
    if broker_removals::is_given_up(connection, company_id, &reference).await? {
        return Ok(SaveOutcome::Ended);
    }
    let stored = connections::lock(connection, company_id, user_id, save.provider).await?;
    let stored = stored.map(read).transpose()?;
    let action = save.audit_action(stored.as_ref());
    let outcome = match (save.against(stored.as_ref()), stored) {
        (SaveDecision::Keep, Some(stored)) => SaveOutcome::AlreadySaved(stored),
        (SaveDecision::Ended, _) => SaveOutcome::Ended,
        (SaveDecision::Claim(id), None) => match unclaimed_connections::claim(connection, id, save).await? {
            Some(previous) => {
                let row = connections::find(connection, company_id, user_id, save.provider).await?;
                let connection = read(row.ok_or(diesel::result::Error::NotFound)?)?;
                if previous == save.broker_id {
                    SaveOutcome::Created(connection)
                } else {
                    SaveOutcome::Replaced { connection, previous }
                }
            }
            None => SaveOutcome::Moved,
        },
        (SaveDecision::Create, None) => SaveOutcome::Created(read(connections::insert(connection, save).await?)?),
        (SaveDecision::Replace { connected_at, status_changed_at }, Some(stored)) => {
            let row = connections::replace(connection, &stored, save, connected_at, status_changed_at).await?;
            SaveOutcome::Replaced { connection: read(row)?, previous: stored.broker_id }
        }
        (
            SaveDecision::Moved
            | SaveDecision::Create
            | SaveDecision::Claim(_)
            | SaveDecision::Keep
            | SaveDecision::Replace { .. },
            _,
        ) => SaveOutcome::Moved,
    };
    if let SaveOutcome::Replaced { previous, .. } = &outcome {
        let replaced = BrokerReference { provider: save.provider, id: previous.clone() };
        broker_removals::insert(connection, company_id, &replaced).await?;
        nango_sync_cursors::forget(connection, company_id, user_id, previous).await?;
    }
    if let (Some(action), SaveOutcome::Created(saved) | SaveOutcome::Replaced { connection: saved, .. }) =
        (action, &outcome)
    {
        unclaimed_connections::end(connection, company_id, &reference).await?;
        quarantined_connections::delete(connection, company_id, &reference).await?;
        tell(connection, save, saved, action).await?;
    }
    Ok(outcome)
}

/// Lets nobody else save a connection of this person and provider, or this connection of the broker, at the same time:
/// there may be no row yet that could be locked. Always in this order.
async fn hold(connection: &mut AsyncPgConnection, save: &SaveConnection) -> diesel::QueryResult<()> {
    let (company, provider) = (save.owner.company_id, save.provider);
    locks::hold(connection, &[format!("connection of {company} {} {provider}", save.owner.user_id)]).await?;
    locks::hold(connection, &[format!("connection {company} {provider} {}", save.broker_id)]).await
}

async fn tell(
    connection: &mut AsyncPgConnection,
    save: &SaveConnection,
    saved: &Connection,
    action: &str,
) -> diesel::QueryResult<()> {
    let entry = admin_audit_log::Entry {
        company_id: save.owner.company_id,
        user_id: Some(save.owner.user_id),
        session_id: None,
        action,
        resource_type: "connection",
        resource_id: saved.id.to_string(),
        details: json!({ "provider": save.provider.name(), "connection_id": save.broker_id.as_str() }),
        origin: &save.origin,
    };
    admin_audit_log::insert(connection, &entry).await
}

fn read(row: connections::Row) -> Result<Connection, Abort<StoreError>> {
    Connection::try_from(row).map_err(|inconsistency| Abort::Decided(inconsistency.into()))
}
