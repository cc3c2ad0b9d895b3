//! A company with members, a broker and all stores in memory, for the tests of the use cases.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, Origin, Provider, StoreError};
use time::OffsetDateTime;

use crate::adopt_connection::{AdoptConnection, AdoptPorts, ConnectionNotice};
use crate::check_connection::CheckConnection;
use crate::log::listen_from_the_beginning;
use crate::model::{
    BrokerConnection, BrokerFilter, BrokerReference, Connection, ListedConnection, OwnerClaims, ProviderAccount,
    Webhook, WebhookEvent,
};
use crate::ports::{
    AccountReading, BrokerError, BrokeredConnections, ConnectionStore as _, ListedPage, Members, ProviderAccounts,
    ReadCause, ReadOutcome, WebhookAuthenticity, WebhookReader, WhoAmIError,
};
use crate::receive_webhook::ReceiveWebhook;
use crate::reconcile::Reconcile;
use crate::testing::{
    COMPANY_A, InMemoryBrokerRemovals, InMemoryConnectSessionStore, InMemoryConnectionStore, InMemoryMembers,
    InMemoryOriginalConnections, InMemoryQuarantineStore, InMemoryTurns, InMemoryWebhookInbox, NOON, USER_1, USER_2,
    a_broker_connection, an_origin, an_owner,
};
use crate::work_off_inbox::{InboxPorts, WorkOffInbox};

/// [`USER_1`] and [`USER_2`] are members of [`COMPANY_A`].
pub(crate) struct Scene {
    pub(crate) broker: Arc<FakeBroker>,
    pub(crate) connections: Arc<InMemoryConnectionStore>,
    pub(crate) sessions: Arc<InMemoryConnectSessionStore>,
    pub(crate) originals: Arc<InMemoryOriginalConnections>,
    pub(crate) quarantine: Arc<InMemoryQuarantineStore>,
    pub(crate) inbox: Arc<InMemoryWebhookInbox>,
    /// What each body says.
    pub(crate) reader: Arc<FakeReader>,
    pub(crate) removals: Arc<InMemoryBrokerRemovals>,
    pub(crate) turns: Arc<InMemoryTurns>,
    pub(crate) reading: Arc<FakeReading>,
    members: Arc<InMemoryMembers>,
}

/// The broker, and the providers behind it.
#[derive(Default)]
pub(crate) struct FakeBroker {
    state: Mutex<BrokerState>,
}

#[derive(Default)]
struct BrokerState {
    connections: BTreeMap<BrokerReference, (BrokerConnection, Option<ProviderAccount>)>,
    made_at: BTreeMap<BrokerReference, OffsetDateTime>,
    deleted: Vec<String>,
    asked: usize,
    failure: Option<fn() -> BrokerError>,
    failing: BTreeMap<BrokerReference, fn() -> BrokerError>,
    listed_as: BTreeMap<BrokerReference, bool>,
    deletions_fail: bool,
}

/// Has accounts read, and remembers which and why; says that nobody ever began, until it is told otherwise.
#[derive(Default)]
pub(crate) struct FakeReading {
    asked: Mutex<Vec<(String, ReadCause)>>,
    begun: Mutex<bool>,
}

/// Knows the bodies that it was told.
#[derive(Default)]
pub(crate) struct FakeReader(Mutex<BTreeMap<Vec<u8>, Webhook>>);

/// `signed` is the only signature that holds.
pub(crate) struct FakeAuthenticity;

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with([])
    }

    /// With these connections in the company's database.
    pub(crate) fn with(connections: impl IntoIterator<Item = Connection>) -> Self {
        listen_from_the_beginning();
        let members = InMemoryMembers::default();
        members.add(COMPANY_A, USER_1, an_owner().email);
        members.add(COMPANY_A, USER_2, "two@example.com".parse().unwrap());
        Self {
            broker: Arc::default(),
            connections: Arc::new(InMemoryConnectionStore::with(connections)),
            sessions: Arc::default(),
            originals: Arc::default(),
            quarantine: Arc::default(),
            inbox: Arc::default(),
            reader: Arc::default(),
            removals: Arc::default(),
            turns: Arc::default(),
            reading: Arc::default(),
            members: Arc::new(members),
        }
    }

    pub(crate) fn ports(&self) -> AdoptPorts {
        AdoptPorts {
            brokered: self.broker.clone(),
            accounts: self.broker.clone(),
            members: self.members.clone(),
            connections: self.connections.clone(),
            health: self.connections.clone(),
            sessions: self.sessions.clone(),
            session_endings: self.sessions.clone(),
            originals: self.originals.clone(),
            quarantine: self.quarantine.clone(),
            unclaimed: self.connections.clone(),
            removals: self.removals.clone(),
            reading: self.reading.clone(),
        }
    }

    pub(crate) fn adopt(&self) -> AdoptConnection {
        self.adopt_asking(self.members.clone())
    }

    /// With somebody else to ask who is a member.
    pub(crate) fn adopt_asking(&self, members: Arc<dyn Members>) -> AdoptConnection {
        AdoptConnection::new(COMPANY_A, AdoptPorts { members, ..self.ports() }, Arc::new(|| NOON))
    }

    pub(crate) fn receive(&self) -> ReceiveWebhook {
        ReceiveWebhook::new(COMPANY_A, Arc::new(FakeAuthenticity), self.reader.clone(), self.inbox.clone())
    }

    pub(crate) fn work(&self) -> WorkOffInbox {
        self.work_with(self.adopt())
    }

    pub(crate) fn work_with(&self, adopt: AdoptConnection) -> WorkOffInbox {
        self.work_asking(adopt, self.members.clone())
    }

    /// With somebody else to ask who is a member.
    pub(crate) fn work_asking(&self, adopt: AdoptConnection, members: Arc<dyn Members>) -> WorkOffInbox {
        let ports = InboxPorts {
            inbox: self.inbox.clone(),
            reader: self.reader.clone(),
            health: self.connections.clone(),
            members,
            reading: self.reading.clone(),
        };
        WorkOffInbox::new(COMPANY_A, ports, Arc::new(adopt), self.check(), std::time::Duration::from_secs(1))
    }

    pub(crate) fn check(&self) -> CheckConnection {
        CheckConnection::new(COMPANY_A, self.ports(), Arc::new(|| NOON))
    }

    pub(crate) fn reconcile(&self) -> Reconcile {
        let adopt = Arc::new(self.adopt());
        Reconcile::new(COMPANY_A, self.ports(), self.turns.clone(), adopt, Arc::new(|| NOON))
    }

    /// [`USER_1`]'s Gmail row.
    pub(crate) async fn row(&self) -> Option<Connection> {
        self.connections.find_connection(COMPANY_A, USER_1, Provider::Gmail).await.unwrap()
    }
}

impl FakeBroker {
    /// The broker has this connection, and the provider says that this account is behind it, or does not say.
    pub(crate) fn has(&self, connection: BrokerConnection, account: Option<ProviderAccount>) {
        self.state().connections.insert(connection.reference.clone(), (connection, account));
    }

    /// The same, made at that moment.
    pub(crate) fn has_since(
        &self,
        made_at: OffsetDateTime,
        connection: BrokerConnection,
        account: Option<ProviderAccount>,
    ) {
        self.state().made_at.insert(connection.reference.clone(), made_at);
        self.has(connection, account);
    }

    /// From now on every call fails so, or none.
    pub(crate) fn fail(&self, failure: Option<fn() -> BrokerError>) {
        self.state().failure = failure;
    }

    /// From now on every call about this one fails so.
    pub(crate) fn fail_about(&self, reference: BrokerReference, failure: fn() -> BrokerError) {
        self.state().failing.insert(reference, failure);
    }

    /// The list tells of this one what was so when it was last tried.
    pub(crate) fn list_as(&self, reference: BrokerReference, is_authorized: bool) {
        self.state().listed_as.insert(reference, is_authorized);
    }

    /// From now on nothing can be deleted.
    pub(crate) fn refuse_deletions(&self) {
        self.state().deletions_fail = true;
    }

    /// The ids of the connections that were deleted.
    pub(crate) fn deleted(&self) -> Vec<String> {
        self.state().deleted.clone()
    }

    /// How often a provider was asked.
    pub(crate) fn asked(&self) -> usize {
        self.state().asked
    }

    fn state(&self) -> std::sync::MutexGuard<'_, BrokerState> {
        self.state.lock().unwrap()
    }
}

impl BrokerState {
    fn answer(&self) -> Result<(), BrokerError> {
        self.failure.map_or(Ok(()), |failure| Err(failure()))
    }
}

impl FakeReader {
    pub(crate) fn knows(&self, body: &[u8], webhook: Webhook) {
        self.0.lock().unwrap().insert(body.to_vec(), webhook);
    }
}

#[async_trait]
impl BrokeredConnections for FakeBroker {
    async fn find(&self, reference: &BrokerReference) -> Result<Option<BrokerConnection>, BrokerError> {
        let state = self.state();
        state.answer()?;
        state.failing.get(reference).map_or(Ok(()), |failure| Err(failure()))?;
        Ok(state.connections.get(reference).map(|(connection, _)| connection.clone()))
    }

    async fn delete(&self, reference: &BrokerReference) -> Result<(), BrokerError> {
        let mut state = self.state();
        state.answer()?;
        if state.deletions_fail {
            return Err(away());
        }
        state.connections.remove(reference);
        state.deleted.push(reference.id.to_string());
        Ok(())
    }

    /// Two a part.
    async fn list(&self, filter: &BrokerFilter, page: u32) -> Result<ListedPage, BrokerError> {
        let state = self.state();
        state.answer()?;
        let wanted = |connection: &&BrokerConnection| {
            connection.claims.company_id == Some(filter.company_id.to_string())
                && filter.user_id.is_none_or(|user| connection.claims.user_id == Some(user.to_string()))
                && filter.provider.is_none_or(|provider| connection.reference.provider == provider)
        };
        let mut listed: Vec<_> = state
            .connections
            .values()
            .map(|(connection, _)| connection)
            .filter(wanted)
            .map(|connection| ListedConnection {
                reference: connection.reference.clone(),
                claims: connection.claims.clone(),
                is_authorized: *state.listed_as.get(&connection.reference).unwrap_or(&connection.is_authorized),
                created_at: state.made_at.get(&connection.reference).copied().unwrap_or(NOON),
            })
            .collect();
        listed.sort_by_key(|one| std::cmp::Reverse(one.created_at));
        let from = usize::try_from(page).unwrap() * 2;
        let is_last = listed.len() <= from + 2;
        Ok(ListedPage { connections: listed.into_iter().skip(from).take(2).collect(), is_last })
    }
}

impl FakeReading {
    /// Somebody had the accounts read once.
    pub(crate) fn begin(&self) {
        *self.begun.lock().unwrap() = true;
    }

    /// The broker's ids of the connections that were to be read, and why.
    pub(crate) fn asked(&self) -> Vec<(String, ReadCause)> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl AccountReading for FakeReading {
    async fn have_read(
        &self,
        connection: &Connection,
        cause: ReadCause,
        _: &Origin,
    ) -> Result<ReadOutcome, StoreError> {
        self.asked.lock().unwrap().push((connection.broker_id.to_string(), cause));
        Ok(if *self.begun.lock().unwrap() { ReadOutcome::Wanted } else { ReadOutcome::NotBegun })
    }
}

#[async_trait]
impl ProviderAccounts for FakeBroker {
    async fn who_am_i(&self, connection: &BrokerConnection) -> Result<ProviderAccount, WhoAmIError> {
        let mut state = self.state();
        state.answer()?;
        state.asked += 1;
        let known = state.connections.get(&connection.reference).and_then(|(_, account)| account.clone());
        known.ok_or_else(|| WhoAmIError::Unreadable("status 403".into()))
    }
}

impl WebhookReader for FakeReader {
    fn read(&self, body: &[u8]) -> Webhook {
        let unknown = Webhook { event: WebhookEvent::Unknown, connection: None, claims: OwnerClaims::default() };
        self.0.lock().unwrap().get(body).cloned().unwrap_or(unknown)
    }
}

impl WebhookAuthenticity for FakeAuthenticity {
    fn is_authentic(&self, _: &[u8], signature: &str) -> bool {
        signature == "signed"
    }
}

/// A notice of [`USER_1`]'s Gmail connection of this id, as it just came.
pub(crate) fn a_notice(id: &str) -> ConnectionNotice {
    let BrokerConnection { reference, claims, .. } = at_broker(id);
    ConnectionNotice { reference, claims, age: std::time::Duration::ZERO, origin: an_origin() }
}

/// [`USER_1`]'s Gmail connection of this id.
pub(crate) fn at_broker(id: &str) -> BrokerConnection {
    let reference = BrokerReference { provider: Provider::Gmail, id: BrokerConnectionId::new(id) };
    BrokerConnection { reference, ..a_broker_connection() }
}

/// A Gmail account of this address.
pub(crate) fn account(email: &str) -> ProviderAccount {
    ProviderAccount { id: None, email: Some(email.parse().unwrap()) }
}

pub(crate) fn away() -> BrokerError {
    BrokerError::Unavailable("connection refused".into())
}
