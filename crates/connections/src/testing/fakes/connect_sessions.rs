//! Connect sessions.

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, Origin, Provider, StoreError, UserId};
use time::OffsetDateTime;

use crate::model::{BrokerReference, ConnectSession, ConnectSessionId, Connection, Refusal, RefusalReason};
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
    removals: Vec<(CompanyId, BrokerReference)>,
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

    /// What was remembered as to be removed at the broker, oldest first.
    #[must_use]
    pub fn to_be_removed(&self, company_id: CompanyId) -> Vec<BrokerReference> {
        self.state().removals.iter().filter(|(of, _)| *of == company_id).map(|(_, removed)| removed.clone()).collect()
    }

    /// Why the person's latest session of the provider was refused, if it was.
    pub(crate) fn refusal_of(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
    ) -> Option<RefusalReason> {
        match self.state().latest(company_id, user_id, provider) {
            Some((_, SessionState::Refused(reason, _))) => Some(*reason),
            _ => None,
        }
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

    async fn forget(&self, company_id: CompanyId, before: OffsetDateTime, most: u16) -> Result<usize, StoreError> {
        let mut state = self.state();
        let all: Vec<_> = state.sessions.iter().map(|(session, _)| session.clone()).collect();
        let is_latest = |one: &ConnectSession| {
            let his = |other: &&ConnectSession| other.owner == one.owner && other.provider == one.provider;
            all.iter().filter(his).all(|other| other.opened_at <= one.opened_at)
        };
        let mut left = usize::from(most);
        state.sessions.retain(|(session, _)| {
            let is_old = session.owner.company_id == company_id && session.expires_at < before;
            let goes = is_old && !is_latest(session) && left > 0;
            left -= usize::from(goes);
            !goes
        });
        Ok(all.len() - state.sessions.len())
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
        if refusal.is_to_be_removed {
            state.removals.push((owner.company_id, reference.clone()));
        }
        Ok(())
    }
}
