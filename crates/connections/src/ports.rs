//! What this domain needs from outside.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Provider, StoreError, UserId};
use thiserror::Error;
use time::OffsetDateTime;

use crate::model::{ConnectLink, ConnectSession, Connection, Owner, SaveConnection, SaveOutcome};

/// Holds the credentials of connections, and lets people make them: Nango. It is remote: no transaction is open while
/// it is asked.
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

/// Keeps the connections of people.
///
/// # Contract
///
/// - The first connect makes one row.
/// - The same user again keeps the row and its connected at and takes the new broker id.
/// - A colleague's row of the same provider is untouched.
/// - Another company's row reads as absent.
/// - A connect after a disconnect takes the row with a new connected at.
/// - A save decided on a row that moved changes nothing.
/// - A broker id in somebody else's row is refused.
/// - Saving the same broker id twenty times at once ends in one row and no error.
/// - An audit row stands beside each save that changed something.
/// - An owner's list holds his own connections only.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectionStore: Send + Sync {
    /// Makes the connection the person's one of its provider, together with its audit row, or changes nothing.
    async fn save_connection(&self, save: &SaveConnection) -> Result<SaveOutcome, StoreError>;

    /// The person's connection of this provider, whatever its status.
    async fn find_connection(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
    ) -> Result<Option<Connection>, StoreError>;

    /// The person's connections, at most one a provider, ordered by provider.
    async fn list_own(&self, company_id: CompanyId, user_id: UserId) -> Result<Vec<Connection>, StoreError>;
}

/// Remembers the connect sessions that we had opened.
///
/// # Contract
///
/// - A remembered session is found open until it expires.
/// - A session of another user or provider is not found.
/// - A session of another company is not found.
/// - Of several open sessions the latest is found.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectSessionStore: Send + Sync {
    /// Remembers a session.
    async fn remember(&self, session: &ConnectSession) -> Result<(), StoreError>;

    /// The latest session of this person and provider that is open at `now`.
    async fn find_open(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
        now: OffsetDateTime,
    ) -> Result<Option<ConnectSession>, StoreError>;
}
