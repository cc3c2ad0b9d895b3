//! Connections as people see them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, Page, PageRequest, Provider, StoreError, UserId};
use time::OffsetDateTime;

use super::{InMemoryConnectSessionStore, InMemoryConnectionStore};
use crate::model::{
    Connection, ConnectionStatus, ConnectionView, CountedConnection, Standing, StatusReason, UnclaimedConnection,
    ViewFilter,
};
use crate::ports::{ConnectionViews, DirectoryError};
use crate::testing::directory::page_of;

/// Views of connections in memory.
#[derive(Debug, Default)]
pub struct InMemoryConnectionViews {
    /// The connections.
    pub connections: Arc<InMemoryConnectionStore>,
    /// The sessions in which people try to connect.
    pub sessions: Arc<InMemoryConnectSessionStore>,
    readings: Mutex<HashMap<ConnectionId, Reading>>,
}

/// How far a connection was read.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    began: bool,
    is_complete: bool,
    last_read_at: Option<OffsetDateTime>,
    documents: u64,
}

impl InMemoryConnectionViews {
    /// Views of these connections.
    #[must_use]
    pub fn of(connections: InMemoryConnectionStore) -> Self {
        Self { connections: Arc::new(connections), ..Self::default() }
    }

    /// Has a connection's initial sync begun, and come to its end if it `is_complete`.
    pub fn begin(&self, id: ConnectionId, is_complete: bool) {
        let mut readings = self.readings();
        let reading = readings.entry(id).or_default();
        reading.began = true;
        reading.is_complete = is_complete;
    }

    /// Has a sync of a connection completed.
    pub fn read(&self, id: ConnectionId, at: OffsetDateTime) {
        let mut readings = self.readings();
        let reading = readings.entry(id).or_default();
        reading.last_read_at = reading.last_read_at.max(Some(at));
    }

    /// Has a connection bring in so many documents.
    pub fn bring_in(&self, id: ConnectionId, documents: u64) {
        self.readings().entry(id).or_default().documents += documents;
    }

    fn readings(&self) -> MutexGuard<'_, HashMap<ConnectionId, Reading>> {
        self.readings.lock().expect("nobody panics while holding it")
    }

    fn view(&self, row: Connection) -> CountedConnection {
        let reading = self.readings().get(&row.id).copied().unwrap_or_default();
        let connection = ConnectionView {
            id: row.id,
            provider: row.provider,
            broker_id: row.broker_id,
            user_id: Some(row.owner.user_id),
            user_email: Some(row.owner.email),
            account: row.account,
            status: row.status,
            reason: row.reason,
            connected_at: row.connected_at,
            status_changed_at: row.status_changed_at,
            last_read_at: reading.last_read_at.filter(|at| *at >= row.connected_at),
            may_begin: !reading.began,
            is_complete: reading.is_complete,
        };
        CountedConnection { connection, documents: reading.documents }
    }
}

fn unclaimed((row, since): (UnclaimedConnection, OffsetDateTime)) -> CountedConnection {
    let connection = ConnectionView {
        id: row.id,
        provider: row.provider,
        broker_id: row.broker_id,
        user_id: None,
        user_email: None,
        account: row.account,
        status: ConnectionStatus::NeedsReauthorization,
        reason: Some(StatusReason::NoUser),
        connected_at: since,
        status_changed_at: since,
        last_read_at: None,
        may_begin: true,
        is_complete: false,
    };
    CountedConnection { connection, documents: 0 }
}

#[async_trait]
impl ConnectionViews for InMemoryConnectionViews {
    async fn find_standing(&self, company_id: CompanyId, user_id: UserId) -> Result<Vec<Standing>, StoreError> {
        let rows = self.connections.of_company(company_id);
        let stands = |provider: Provider| {
            let his = rows.iter().find(|row| row.owner.user_id == user_id && row.provider == provider);
            Standing {
                provider,
                connection: his.cloned().map(|row| self.view(row).connection),
                refused: self.sessions.refusal_of(company_id, user_id, provider),
            }
        };
        Ok(Provider::ALL.into_iter().map(stands).collect())
    }

    async fn list_connections(
        &self,
        company_id: CompanyId,
        filter: &ViewFilter,
        page: &PageRequest,
    ) -> Result<Page<CountedConnection>, DirectoryError> {
        let owned = self.connections.of_company(company_id).into_iter().map(|row| self.view(row));
        let all = owned.chain(self.connections.unclaimed_of(company_id).into_iter().map(unclaimed));
        let wanted = all.filter(|one| {
            let ConnectionView { user_id, status, .. } = one.connection;
            filter.user_id.is_none_or(|wanted| user_id == Some(wanted))
                && filter.status.is_none_or(|wanted| status == wanted)
        });
        page_of(wanted.map(|one| (one.connection.id.get(), one)).collect(), page)
    }
}
