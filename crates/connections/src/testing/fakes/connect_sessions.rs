//! Connect sessions.

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, Origin, Provider, StoreError, UserId};
use time::OffsetDateTime;

use crate::model::{ConnectSession, ConnectSessionId, Connection, Refusal, RefusalReason};
use crate::ports::{ConnectSessionEndings, ConnectSessionStore};

/// Connect sessions in memory.
#[derive(Debug, Default)]
pub struct InMemoryConnectSessionStore {
    state: Mutex<State>,
}

/// What became of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// It may still bring something.
    Open,
    /// It brought this connection.
    Completed(BrokerConnectionId),
    /// What it brought was not taken.
    Refused(RefusalReason, BrokerConnectionId),
}

#[derive(Debug, Default)]
struct State {
    sessions: Vec<(ConnectSession, SessionState)>,
    audit: Vec<(CompanyId, &'static str)>,
}

impl InMemoryConnectSessionStore {
    /// How many sessions were remembered.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state().sessions.len()
    }

    /// What became of a session that was remembered.
    #[must_use]
    pub fn state_of(&self, id: ConnectSessionId) -> SessionState {
        let state = self.state();
        let (_, told) = state.sessions.iter().find(|(session, _)| session.id == id).expect("a session");
        told.clone()
    }

    /// The actions that the company's audit log tells, oldest first.
    #[must_use]
    pub fn audited(&self, company_id: CompanyId) -> Vec<&'static str> {
        let state = self.state();
        state.audit.iter().filter(|(of, _)| *of == company_id).map(|(_, action)| *action).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn latest(
        &mut self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
    ) -> Option<&mut (ConnectSession, SessionState)> {
        let his = self.sessions.iter_mut().filter(|(session, _)| {
            session.owner.company_id == company_id && session.owner.user_id == user_id && session.provider == provider
        });
        his.max_by_key(|(session, _)| session.opened_at)
    }
}

#[async_trait]
impl ConnectSessionStore for InMemoryConnectSessionStore {
    async fn remember(&self, session: &ConnectSession, _: &Origin) -> Result<(), StoreError> {
        let mut state = self.state();
        state.sessions.push((session.clone(), SessionState::Open));
        state.audit.push((session.owner.company_id, session.purpose.audit_action()));
        Ok(())
    }

    async fn find_open(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
        now: OffsetDateTime,
    ) -> Result<Option<ConnectSession>, StoreError> {
        let state = self.state();
        let open = state.sessions.iter().filter(|(session, state)| {
            session.owner.company_id == company_id
                && session.owner.user_id == user_id
                && session.provider == provider
                && session.expires_at > now
                && *state == SessionState::Open
        });
        Ok(open.max_by_key(|(session, _)| session.opened_at).map(|(session, _)| session.clone()))
    }
}

#[async_trait]
impl ConnectSessionEndings for InMemoryConnectSessionStore {
    async fn complete(&self, connection: &Connection, _: OffsetDateTime) -> Result<(), StoreError> {
        let mut state = self.state();
        let owner = &connection.owner;
        if let Some((_, told)) = state.latest(owner.company_id, owner.user_id, connection.provider) {
            *told = SessionState::Completed(connection.broker_id.clone());
        }
        Ok(())
    }

    async fn refuse(&self, refusal: &Refusal) -> Result<(), StoreError> {
        let mut state = self.state();
        let Refusal { owner, reference, reason, .. } = refusal;
        let refused = SessionState::Refused(*reason, reference.id.clone());
        if let Some((_, told)) = state.latest(owner.company_id, owner.user_id, reference.provider) {
            if *told == refused {
                return Ok(());
            }
            *told = refused;
        }
        state.audit.push((owner.company_id, "connection_failed"));
        Ok(())
    }

    async fn list_refusals(
        &self,
        company_id: CompanyId,
        user_id: UserId,
    ) -> Result<Vec<(Provider, RefusalReason)>, StoreError> {
        let mut state = self.state();
        let refused = |provider| match state.latest(company_id, user_id, provider) {
            Some((_, SessionState::Refused(reason, _))) => Some((provider, *reason)),
            _ => None,
        };
        let mut refusals: Vec<_> = Provider::ALL.into_iter().filter_map(refused).collect();
        refusals.sort_by_key(|(provider, _)| provider.name());
        Ok(refusals)
    }
}
