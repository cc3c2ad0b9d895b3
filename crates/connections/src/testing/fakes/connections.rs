//! Connections.

use std::mem;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Provider, StoreError, UserId};
use time::OffsetDateTime;

use crate::model::{
    Connection, ConnectionEvent, ConnectionStatus, Owner, SaveConnection, SaveDecision, SaveOutcome, StatusReason,
};
use crate::ports::{ConnectionDirectory, ConnectionStore};

/// Connections in memory.
#[derive(Debug, Default)]
pub struct InMemoryConnectionStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: Vec<Connection>,
    audit: Vec<(CompanyId, &'static str)>,
}

impl InMemoryConnectionStore {
    /// A store that holds these.
    #[must_use]
    pub fn with(connections: impl IntoIterator<Item = Connection>) -> Self {
        let state = State { rows: connections.into_iter().collect(), audit: Vec::new() };
        Self { state: Mutex::new(state) }
    }

    /// Disconnects what is connected.
    pub fn disconnect(&self, id: ConnectionId, at: OffsetDateTime) {
        for row in self.state().rows.iter_mut().filter(|row| row.id == id) {
            if let Some(status) = row.status.after(ConnectionEvent::Disconnected) {
                row.status = status;
                row.status_changed_at = at;
            }
        }
    }

    /// The actions that the company's audit log tells, oldest first.
    #[must_use]
    pub fn audited(&self, company_id: CompanyId) -> Vec<&'static str> {
        self.state().audit.iter().filter(|(of, _)| *of == company_id).map(|(_, action)| *action).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl ConnectionStore for InMemoryConnectionStore {
    async fn save_connection(&self, save: &SaveConnection) -> Result<SaveOutcome, StoreError> {
        let mut state = self.state();
        let State { rows, audit } = &mut *state;
        let (company_id, user_id) = (save.owner.company_id, save.owner.user_id);
        let taken = rows.iter().any(|row| {
            row.owner.company_id == company_id
                && row.owner.user_id != user_id
                && row.provider == save.provider
                && row.broker_id == save.broker_id
        });
        if taken {
            return Ok(SaveOutcome::TakenByAnother);
        }
        let new_id = ConnectionId::new(i64::try_from(rows.len()).expect("few rows") + 1);
        let stored = rows.iter_mut().find(|row| is_the_one(row, company_id, user_id, save.provider));
        let action = save.audit_action(stored.as_deref());
        let outcome = match (save.against(stored.as_deref()), stored) {
            (SaveDecision::Keep, Some(row)) => SaveOutcome::AlreadySaved(row.clone()),
            (SaveDecision::Ended, _) => SaveOutcome::Ended,
            (SaveDecision::Replace { connected_at, status_changed_at }, Some(row)) => {
                let previous = mem::replace(&mut row.broker_id, save.broker_id.clone());
                row.owner = save.owner.clone();
                row.account.clone_from(&save.account);
                row.status = ConnectionStatus::Active;
                row.reason = save.reason;
                row.connected_at = connected_at;
                row.status_changed_at = status_changed_at;
                SaveOutcome::Replaced { connection: row.clone(), previous }
            }
            (SaveDecision::Create, None) => {
                let row = Connection {
                    id: new_id,
                    owner: save.owner.clone(),
                    provider: save.provider,
                    broker_id: save.broker_id.clone(),
                    account: save.account.clone(),
                    status: ConnectionStatus::Active,
                    reason: save.reason,
                    connected_at: save.at,
                    status_changed_at: save.at,
                };
                rows.push(row.clone());
                SaveOutcome::Created(row)
            }
            (SaveDecision::Moved | SaveDecision::Create | SaveDecision::Keep | SaveDecision::Replace { .. }, _) => {
                SaveOutcome::Moved
            }
        };
        audit.extend(action.map(|action| (company_id, action)));
        Ok(outcome)
    }

    async fn find_connection(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
    ) -> Result<Option<Connection>, StoreError> {
        Ok(self.state().rows.iter().find(|row| is_the_one(row, company_id, user_id, provider)).cloned())
    }

    async fn list_own(&self, company_id: CompanyId, user_id: UserId) -> Result<Vec<Connection>, StoreError> {
        let owns = |row: &&Connection| row.owner.company_id == company_id && row.owner.user_id == user_id;
        let mut own: Vec<_> = self.state().rows.iter().filter(owns).cloned().collect();
        own.sort_by_key(|row| row.provider.name());
        Ok(own)
    }

    async fn mark_needs_reauthorization(
        &self,
        connection: &Connection,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let Owner { company_id, user_id, .. } = connection.owner;
        let mut state = self.state();
        let State { rows, audit } = &mut *state;
        let row = rows.iter_mut().find(|row| {
            row.id == connection.id
                && is_the_one(row, company_id, user_id, connection.provider)
                && row.broker_id == connection.broker_id
        });
        let Some(row) = row else { return Ok(false) };
        let Some(status) = row.status.after(ConnectionEvent::AuthorizationLost) else { return Ok(false) };
        row.status = status;
        row.reason = Some(StatusReason::CredentialsRefused);
        row.status_changed_at = at;
        audit.push((company_id, "connection_needs_reauthorization"));
        Ok(true)
    }
}

fn is_the_one(row: &Connection, company_id: CompanyId, user_id: UserId, provider: Provider) -> bool {
    row.owner.company_id == company_id && row.owner.user_id == user_id && row.provider == provider
}

#[async_trait]
impl ConnectionDirectory for InMemoryConnectionStore {
    async fn list_of(&self, company_id: CompanyId, users: &[UserId]) -> Result<Vec<Connection>, StoreError> {
        let rows = self.of_company(company_id);
        Ok(rows.into_iter().filter(|row| users.contains(&row.owner.user_id)).collect())
    }

    async fn broker_ids(
        &self,
        company_id: CompanyId,
        ids: &[ConnectionId],
    ) -> Result<Vec<(ConnectionId, BrokerConnectionId)>, StoreError> {
        let rows = self.of_company(company_id).into_iter();
        Ok(rows.filter(|row| ids.contains(&row.id)).map(|row| (row.id, row.broker_id)).collect())
    }

    async fn count_by_status(&self, company_id: CompanyId) -> Result<Vec<(ConnectionStatus, u64)>, StoreError> {
        let rows = self.of_company(company_id);
        let count = |status| (status, rows.iter().filter(|row| row.status == status).count() as u64);
        Ok(ConnectionStatus::ALL.map(count).into_iter().filter(|(_, count)| *count > 0).collect())
    }
}

impl InMemoryConnectionStore {
    fn of_company(&self, company_id: CompanyId) -> Vec<Connection> {
        self.state().rows.iter().filter(|row| row.owner.company_id == company_id).cloned().collect()
    }
}
