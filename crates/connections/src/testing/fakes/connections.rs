//! Connections.

use std::mem;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Origin, Provider, StoreError, UserId};
use time::OffsetDateTime;

use crate::model::{
    BrokerReference, Connect, Connection, ConnectionEvent, ConnectionStatus, EndConnection, EndedConnection, Fetch,
    Holder, Owner, ProviderAccount, Purge, Purged, SaveConnection, SaveDecision, SaveOutcome, StatusReason,
    UnclaimedConnection,
};
use crate::ports::{
    ConnectionDirectory, ConnectionEndings, ConnectionHealth, ConnectionStore, OwnedPart, UnclaimedConnections,
};

/// Connections in memory.
#[derive(Debug, Default)]
pub struct InMemoryConnectionStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: Vec<Connection>,
    unclaimed: Vec<Unclaimed>,
    audit: Vec<(CompanyId, &'static str)>,
    removals: Vec<(CompanyId, BrokerReference)>,
    follow_ups: Vec<(ConnectionId, BrokerConnectionId, Connect)>,
    quarantined: Vec<(CompanyId, BrokerReference)>,
}

/// A connection without user, and since when it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unclaimed {
    company_id: CompanyId,
    row: UnclaimedConnection,
    connected_at: OffsetDateTime,
    is_ended: bool,
}

impl InMemoryConnectionStore {
    /// A store that holds these.
    #[must_use]
    pub fn with(connections: impl IntoIterator<Item = Connection>) -> Self {
        let state = State { rows: connections.into_iter().collect(), ..State::default() };
        Self { state: Mutex::new(state) }
    }

    /// Adds a connection without user, that is there since `connected_at`.
    pub fn put_unclaimed(&self, company_id: CompanyId, row: UnclaimedConnection, connected_at: OffsetDateTime) {
        self.state().unclaimed.push(Unclaimed { company_id, row, connected_at, is_ended: false });
    }

    /// Takes note that this connection of the broker is in quarantine.
    pub fn quarantine(&self, company_id: CompanyId, reference: BrokerReference) {
        self.state().quarantined.push((company_id, reference));
    }

    /// What is in quarantine.
    #[must_use]
    pub fn quarantined(&self, company_id: CompanyId) -> Vec<BrokerReference> {
        self.state().quarantined.iter().filter(|(of, _)| *of == company_id).map(|(_, kept)| kept.clone()).collect()
    }

    /// Takes note that this connection of the broker was given up.
    pub fn give_up(&self, company_id: CompanyId, reference: BrokerReference) {
        self.state().removals.push((company_id, reference));
    }

    /// Disconnects what is connected.
    pub fn disconnect(&self, id: ConnectionId, at: OffsetDateTime) {
        for row in self.state().rows.iter_mut().filter(|row| row.id == id) {
            end(row, at);
        }
    }

    /// The actions that the company's audit log tells, oldest first.
    #[must_use]
    pub fn audited(&self, company_id: CompanyId) -> Vec<&'static str> {
        self.state().audit.iter().filter(|(of, _)| *of == company_id).map(|(_, action)| *action).collect()
    }

    /// What was remembered as to be removed at the broker, oldest first.
    #[must_use]
    pub fn to_be_removed(&self, company_id: CompanyId) -> Vec<BrokerReference> {
        self.state().removals.iter().filter(|(of, _)| *of == company_id).map(|(_, removed)| removed.clone()).collect()
    }

    /// The company's connections that somebody owns.
    pub(crate) fn of_company(&self, company_id: CompanyId) -> Vec<Connection> {
        self.state().rows.iter().filter(|row| row.owner.company_id == company_id).cloned().collect()
    }

    /// The company's connections without user, and since when they are there.
    pub(crate) fn unclaimed_of(&self, company_id: CompanyId) -> Vec<(UnclaimedConnection, OffsetDateTime)> {
        let state = self.state();
        let open = state.unclaimed.iter().filter(|one| one.company_id == company_id && !one.is_ended);
        open.map(|one| (one.row.clone(), one.connected_at)).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn next_id(&self) -> ConnectionId {
        let known = self.rows.iter().map(|row| row.id).chain(self.unclaimed.iter().map(|one| one.row.id));
        ConnectionId::new(known.map(ConnectionId::get).max().unwrap_or(0) + 1)
    }

    /// The row as it was when the caller read it.
    fn same(&mut self, read: &Connection) -> Option<&mut Connection> {
        let Owner { company_id, user_id, .. } = read.owner;
        self.rows.iter_mut().find(|row| {
            row.id == read.id && is_the_one(row, company_id, user_id, read.provider) && row.broker_id == read.broker_id
        })
    }

    fn create(&mut self, save: &SaveConnection) -> Connection {
        let row = Connection {
            id: self.next_id(),
            owner: save.owner.clone(),
            provider: save.provider,
            broker_id: save.broker_id.clone(),
            account: save.account.clone(),
            status: ConnectionStatus::Active,
            reason: save.reason,
            connected_at: save.at,
            status_changed_at: save.at,
        };
        self.rows.push(row.clone());
        row
    }

    fn claim(&mut self, id: ConnectionId, save: &SaveConnection) -> SaveOutcome {
        let is_it = |one: &Unclaimed| {
            one.company_id == save.owner.company_id
                && one.row.id == id
                && one.row.provider == save.provider
                && !one.is_ended
        };
        let Some(place) = self.unclaimed.iter().position(is_it) else { return SaveOutcome::Moved };
        let claimed = self.unclaimed.remove(place);
        let row = self.create(save);
        let row = Connection { id, connected_at: claimed.connected_at, ..row };
        *self.rows.last_mut().expect("it was just made") = row.clone();
        if claimed.row.broker_id == save.broker_id {
            return SaveOutcome::Created(row);
        }
        SaveOutcome::Replaced { connection: row, previous: claimed.row.broker_id }
    }

    /// What follows when the broker's connection is the person's now.
    fn taken(&mut self, saved: &Connection, connect: Connect) {
        let company_id = saved.owner.company_id;
        let reference = saved.reference();
        for one in self.unclaimed.iter_mut().filter(|one| one.company_id == company_id) {
            one.is_ended |= one.row.reference() == reference;
        }
        self.quarantined.retain(|(of, kept)| (*of, kept) != (company_id, &reference));
        self.follow_ups.push((saved.id, saved.broker_id.clone(), connect));
    }

    fn follow_up(&self, row: &Connection) -> Option<Connect> {
        let due = self.follow_ups.iter().rev().find(|(id, broker_id, _)| (*id, broker_id) == (row.id, &row.broker_id));
        due.map(|(_, _, connect)| *connect)
    }

    fn give_up(&mut self, company_id: CompanyId, reference: BrokerReference) {
        let is_in_use = self
            .unclaimed
            .iter()
            .any(|one| one.company_id == company_id && !one.is_ended && one.row.reference() == reference);
        if !is_in_use {
            self.removals.push((company_id, reference));
        }
    }
}

/// Whether it was connected until now.
fn end(row: &mut Connection, at: OffsetDateTime) -> bool {
    let Some(status) = row.status.after(ConnectionEvent::Disconnected) else { return false };
    row.status = status;
    row.reason = None;
    row.status_changed_at = at;
    true
}

#[async_trait]
impl ConnectionStore for InMemoryConnectionStore {
    async fn save_connection(&self, save: &SaveConnection) -> Result<SaveOutcome, StoreError> {
        let mut state = self.state();
        let (company_id, user_id) = (save.owner.company_id, save.owner.user_id);
        let taken = state.rows.iter().any(|row| {
            row.owner.company_id == company_id
                && row.owner.user_id != user_id
                && row.provider == save.provider
                && row.broker_id == save.broker_id
        });
        if taken {
            return Ok(SaveOutcome::TakenByAnother);
        }
        let reference = BrokerReference { provider: save.provider, id: save.broker_id.clone() };
        if state.removals.contains(&(company_id, reference)) {
            return Ok(SaveOutcome::Ended);
        }
        let stored = state.rows.iter().find(|row| is_the_one(row, company_id, user_id, save.provider)).cloned();
        let action = save.audit_action(stored.as_ref());
        let connect = SaveConnection::connect(stored.as_ref());
        let outcome = match (save.against(stored.as_ref()), stored) {
            (SaveDecision::Keep, Some(row)) => SaveOutcome::AlreadySaved(row),
            (SaveDecision::Ended, _) => SaveOutcome::Ended,
            (SaveDecision::Replace { connected_at, status_changed_at }, Some(stored)) => {
                let row = state.rows.iter_mut().find(|row| row.id == stored.id).expect("it was just found");
                let previous = mem::replace(&mut row.broker_id, save.broker_id.clone());
                row.owner = save.owner.clone();
                row.account.clone_from(&save.account);
                row.status = ConnectionStatus::Active;
                row.reason = save.reason;
                row.connected_at = connected_at;
                row.status_changed_at = status_changed_at;
                SaveOutcome::Replaced { connection: row.clone(), previous }
            }
            (SaveDecision::Claim(id), None) => state.claim(id, save),
            (SaveDecision::Create, None) => SaveOutcome::Created(state.create(save)),
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
            state.give_up(company_id, BrokerReference { provider: save.provider, id: previous.clone() });
        }
        if let SaveOutcome::Created(saved) | SaveOutcome::Replaced { connection: saved, .. } = &outcome {
            state.taken(saved, connect);
        }
        if outcome != SaveOutcome::Moved {
            state.audit.extend(action.map(|action| (company_id, action)));
        }
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

    async fn identify(&self, connection: &Connection, account: &ProviderAccount) -> Result<(), StoreError> {
        if let Some(row) = self.state().same(connection).filter(|row| row.account.is_none()) {
            row.account = Some(account.clone());
            row.reason = row.reason.filter(|reason| *reason != StatusReason::AccountUnverified);
        }
        Ok(())
    }

    async fn list_owned(
        &self,
        company_id: CompanyId,
        after: Option<ConnectionId>,
        most: u16,
    ) -> Result<OwnedPart, StoreError> {
        let mut connections = self.of_company(company_id);
        connections.sort_by_key(|row| row.id);
        connections.retain(|row| after.is_none_or(|after| row.id > after));
        let is_last = connections.len() <= usize::from(most);
        connections.truncate(usize::from(most));
        let next = connections.last().filter(|_| !is_last).map(|row| row.id);
        Ok(OwnedPart { connections, next })
    }

    async fn find_follow_up(&self, connection: &Connection) -> Result<Option<Connect>, StoreError> {
        Ok(self.state().follow_up(connection))
    }

    async fn followed_up(&self, connection: &Connection) -> Result<(), StoreError> {
        let is_due = |id: &ConnectionId, broker_id: &BrokerConnectionId| {
            (*id, broker_id) == (connection.id, &connection.broker_id)
        };
        self.state().follow_ups.retain(|(id, broker_id, _)| !is_due(id, broker_id));
        Ok(())
    }

    async fn list_follow_ups(&self, company_id: CompanyId) -> Result<Vec<(Connection, Connect)>, StoreError> {
        let connected = self.of_company(company_id).into_iter().filter(|row| row.status.is_connected());
        let state = self.state();
        Ok(connected.filter_map(|row| state.follow_up(&row).map(|connect| (row, connect))).collect())
    }
}

#[async_trait]
impl ConnectionHealth for InMemoryConnectionStore {
    async fn find_brokered(
        &self,
        company_id: CompanyId,
        reference: &BrokerReference,
    ) -> Result<Option<Connection>, StoreError> {
        Ok(self.of_company(company_id).into_iter().find(|row| row.reference() == *reference))
    }

    async fn is_nobodys(&self, company_id: CompanyId, reference: &BrokerReference) -> Result<bool, StoreError> {
        let state = self.state();
        let is_old = state
            .unclaimed
            .iter()
            .any(|one| one.company_id == company_id && !one.is_ended && one.row.reference() == *reference);
        Ok(is_old || state.quarantined.contains(&(company_id, reference.clone())))
    }

    async fn mark_needs_reauthorization(
        &self,
        connection: &Connection,
        reason: StatusReason,
        at: OffsetDateTime,
        _: &Origin,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(row) = state.same(connection) else { return Ok(false) };
        let Some(status) = row.status.after(ConnectionEvent::AuthorizationLost) else { return Ok(false) };
        row.status = status;
        row.reason = Some(reason);
        row.status_changed_at = at;
        state.audit.push((connection.owner.company_id, "connection_needs_reauthorization"));
        Ok(true)
    }

    async fn mark_healthy(&self, connection: &Connection, at: OffsetDateTime, _: &Origin) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(row) = state.same(connection) else { return Ok(false) };
        let Some(status) = row.status.after(ConnectionEvent::FoundHealthy) else { return Ok(false) };
        row.status = status;
        row.reason = row.account.is_none().then_some(StatusReason::AccountUnverified);
        row.status_changed_at = at;
        state.audit.push((connection.owner.company_id, "connection_recovered"));
        Ok(true)
    }

    async fn note_fetch(&self, connection: &Connection, fetch: Fetch) -> Result<(), StoreError> {
        let mut state = self.state();
        let Some(row) = state.same(connection).filter(|row| row.status == ConnectionStatus::Active) else {
            return Ok(());
        };
        row.reason = match (fetch, row.reason) {
            (Fetch::Failed, None) => Some(StatusReason::FetchFailed),
            (Fetch::Done, Some(StatusReason::FetchFailed)) => None,
            (_, reason) => reason,
        };
        Ok(())
    }
}

#[async_trait]
impl ConnectionEndings for InMemoryConnectionStore {
    async fn find_holder(&self, company_id: CompanyId, id: ConnectionId) -> Result<Option<Holder>, StoreError> {
        let state = self.state();
        let owned = state.rows.iter().find(|row| row.owner.company_id == company_id && row.id == id);
        let unclaimed = state.unclaimed.iter().find(|one| one.company_id == company_id && one.row.id == id);
        Ok(owned.map(|row| Holder::Person(row.owner.user_id)).or_else(|| unclaimed.map(|_| Holder::Nobody)))
    }

    async fn end(&self, wanted: &EndConnection) -> Result<Option<EndedConnection>, StoreError> {
        let mut state = self.state();
        let EndConnection { company_id, id, at, .. } = *wanted;
        let is_owned = |row: &&mut Connection| row.owner.company_id == company_id && row.id == id;
        let is_unclaimed = |one: &&mut Unclaimed| one.company_id == company_id && one.row.id == id;
        let ended = if let Some(row) = state.rows.iter_mut().find(is_owned) {
            Some(EndedConnection { is_new: end(row, at), reference: row.reference() })
        } else {
            let found = state.unclaimed.iter_mut().find(is_unclaimed);
            found.map(|one| EndedConnection {
                is_new: !mem::replace(&mut one.is_ended, true),
                reference: one.row.reference(),
            })
        };
        if let Some(EndedConnection { reference, is_new: true }) = &ended {
            state.give_up(company_id, reference.clone());
            state.audit.push((company_id, "connection_disconnected"));
        }
        Ok(ended)
    }

    /// There are no documents here.
    async fn purge_some(&self, _: &Purge) -> Result<Purged, StoreError> {
        Ok(Purged { documents: 0, is_done: true })
    }
}

#[async_trait]
impl UnclaimedConnections for InMemoryConnectionStore {
    async fn list_unclaimed(&self, company_id: CompanyId) -> Result<Vec<UnclaimedConnection>, StoreError> {
        let mut unclaimed: Vec<_> = self.unclaimed_of(company_id).into_iter().map(|(row, _)| row).collect();
        unclaimed.sort_by_key(|row| row.id);
        Ok(unclaimed)
    }

    async fn identify_unclaimed(
        &self,
        company_id: CompanyId,
        id: ConnectionId,
        account: &ProviderAccount,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let found = state.unclaimed.iter_mut().find(|one| one.company_id == company_id && one.row.id == id);
        if let Some(one) = found {
            one.row.account = Some(account.clone());
        }
        Ok(())
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
