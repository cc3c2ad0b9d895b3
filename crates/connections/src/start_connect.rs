//! The way to the broker: a session in which a person connects an account.

use std::collections::BTreeSet;
use std::sync::Arc;

use cortex_kernel::{Clock, Email, IdGenerator, Origin, Provider, StoreError};
use thiserror::Error;

use crate::identify_account::known_account;
use crate::log::{About, chain};
use crate::model::{ConnectLink, ConnectPurpose, ConnectSession, ConnectSessionId, Owner, TokenHash};
use crate::ports::{
    BrokerError, ConnectSessionStore, ConnectionBroker, ConnectionStore, OpenConnectSession, OriginalConnections,
};

/// Has a session opened for a person and exactly one provider, and remembers that we did.
pub struct StartConnect {
    configured: BTreeSet<Provider>,
    broker: Arc<dyn ConnectionBroker>,
    connections: Arc<dyn ConnectionStore>,
    originals: Arc<dyn OriginalConnections>,
    sessions: Arc<dyn ConnectSessionStore>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

/// The way to the broker, and what to tell the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedConnect {
    /// Where to go.
    pub link: ConnectLink,
    /// On a reconnect, the account to take: another one will be refused. None where it was never readable.
    pub original_email: Option<Email>,
}

/// No session was opened.
#[derive(Debug, Error)]
pub enum StartConnectError {
    /// The provider is switched off in this deployment.
    #[error("{0} is not configured")]
    ProviderNotConfigured(Provider),
    /// There is nothing to reconnect.
    #[error("{0} is not connected")]
    NotConnected(Provider),
    /// The broker did not open one.
    #[error("the connect session could not be opened")]
    Broker(#[from] BrokerError),
    /// What is stored could not be read, or the session could not be remembered.
    #[error("the connect session could not be remembered")]
    Store(#[from] StoreError),
}

impl StartConnect {
    /// Opens sessions for the `configured` providers.
    #[must_use]
    pub fn new(
        configured: BTreeSet<Provider>,
        broker: Arc<dyn ConnectionBroker>,
        connections: Arc<dyn ConnectionStore>,
        originals: Arc<dyn OriginalConnections>,
        sessions: Arc<dyn ConnectSessionStore>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdGenerator>,
    ) -> Self {
        Self { configured, broker, connections, originals, sessions, clock, ids }
    }

    /// Opens a session for `owner`, whose request came from `origin`. Lines tagged `[OAUTH_START]` tell each step:
    /// operators search for them.
    pub async fn start(
        &self,
        owner: Owner,
        provider: Provider,
        purpose: ConnectPurpose,
        origin: &Origin,
    ) -> Result<StartedConnect, StartConnectError> {
        let about =
            About { user: Some(owner.user_id), provider: Some(provider), ..About::company(owner.company_id, origin) };
        tracing::info!("[OAUTH_START] {about}: to {}", purpose.name());
        let started = self.open(owner, provider, purpose, origin, about).await;
        match &started {
            Ok(_) => tracing::info!("✅ [OAUTH_START] SUCCESS: {about}"),
            Err(error) => tracing::error!("❌ [OAUTH_START] {about}: {}", chain(error)),
        }
        started
    }

    async fn open(
        &self,
        owner: Owner,
        provider: Provider,
        purpose: ConnectPurpose,
        origin: &Origin,
        about: About<'_>,
    ) -> Result<StartedConnect, StartConnectError> {
        if !self.configured.contains(&provider) {
            return Err(StartConnectError::ProviderNotConfigured(provider));
        }
        let original_email = match purpose {
            ConnectPurpose::Connect => None,
            ConnectPurpose::Reconnect => self.original_email(&owner, provider, about).await?,
        };
        tracing::info!("[OAUTH_START] {about}: asking the broker for a session");
        let opened_at = self.clock.now();
        let request = OpenConnectSession { owner, provider };
        let link = self.broker.open_connect_session(&request).await?;
        tracing::info!("[OAUTH_START] {about}: remembering the session until {}", link.expires_at);
        let session = ConnectSession {
            id: ConnectSessionId(self.ids.new_uuid()),
            owner: request.owner,
            provider,
            purpose,
            token_hash: TokenHash::of(&link.token),
            opened_at,
            expires_at: link.expires_at,
        };
        self.sessions.remember(&session, origin).await?;
        Ok(StartedConnect { link, original_email })
    }

    async fn original_email(
        &self,
        owner: &Owner,
        provider: Provider,
        about: About<'_>,
    ) -> Result<Option<Email>, StartConnectError> {
        tracing::info!("[OAUTH_START] {about}: looking up the connection to renew");
        let found = self.connections.find_connection(owner.company_id, owner.user_id, provider).await?;
        match found {
            Some(connection) if connection.status.is_connected() => {
                let account = known_account(self.originals.as_ref(), &connection).await?;
                Ok(account.and_then(|account| account.email))
            }
            Some(_) | None => Err(StartConnectError::NotConnected(provider)),
        }
    }
}

#[cfg(test)]
mod tests;
