//! What is asked of the broker, and through it of the providers. All of it is remote: no transaction is open meanwhile.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::Provider;
use thiserror::Error;

use crate::model::{
    BrokerConnection, BrokerFilter, BrokerReference, ConnectLink, ListedConnection, Owner, ProviderAccount,
};

/// Holds the credentials of connections, and lets people make them: Nango.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectionBroker: Send + Sync {
    /// Opens a session in which the person can connect one account of this one provider. Each call opens another one.
    async fn open_connect_session(&self, request: &OpenConnectSession) -> Result<ConnectLink, BrokerError>;
}

/// For whom and what a session is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenConnectSession {
    /// The end user, and the organization.
    pub owner: Owner,
    /// The only provider that the session is open for.
    pub provider: Provider,
}

/// The connections that the broker holds, ours among them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BrokeredConnections: Send + Sync {
    /// The connection as the broker knows it now; none where it has no such connection.
    async fn find(&self, reference: &BrokerReference) -> Result<Option<BrokerConnection>, BrokerError>;

    /// Removes the connection and its credentials. One that is gone already is no error.
    async fn delete(&self, reference: &BrokerReference) -> Result<(), BrokerError>;

    /// Part `page`, from 0, of the connections that the filter lets through, the newest first. A part that follows the
    /// last one is empty. What changes meanwhile may show twice or be missed.
    async fn list(&self, filter: &BrokerFilter, page: u32) -> Result<ListedPage, BrokerError>;
}

/// A part of the broker's connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPage {
    /// The connections; those of providers that are switched off are left out.
    pub connections: Vec<ListedConnection>,
    /// Whether nothing follows.
    pub is_last: bool,
}

/// Says whose accounts stand behind connections, asked at the providers themselves.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ProviderAccounts: Send + Sync {
    /// The account behind the connection.
    async fn who_am_i(&self, connection: &BrokerConnection) -> Result<ProviderAccount, WhoAmIError>;
}

/// The broker did not do what it was asked. The detail is the `source`, for the log.
#[derive(Debug, Error)]
pub enum BrokerError {
    /// Our own key is wrong. Nobody's connection is the worse for it, and only the operator can help.
    #[error("the connection broker refuses our key")]
    Unauthorised(#[source] Box<dyn StdError + Send + Sync>),
    /// We ask too often.
    #[error("the connection broker asks us to wait")]
    Throttled {
        /// How long, where it says so.
        retry_after: Option<Duration>,
    },
    /// It is away: the same call may go through later.
    #[error("the connection broker is not available")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// It answered something that makes no sense.
    #[error("the connection broker answered nonsense")]
    BadAnswer(#[source] Box<dyn StdError + Send + Sync>),
}

/// Whose account it is could not be found out.
#[derive(Debug, Error)]
pub enum WhoAmIError {
    /// The provider does not say: it is away, the connection lacks the scope, or it no longer lets us in.
    #[error("the provider does not say whose account it is")]
    Unreadable(#[source] Box<dyn StdError + Send + Sync>),
    /// The broker did not pass the question on.
    #[error("the provider could not be asked")]
    Broker(#[from] BrokerError),
}

impl BrokerError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Throttled { .. } | Self::Unavailable(_) => true,
            Self::Unauthorised(_) | Self::BadAnswer(_) => false,
        }
    }
}
