//! What is kept about connections.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Origin, Provider, StoreError, UserId};
use time::OffsetDateTime;

use crate::model::{
    ConnectSession, ConnectedAccount, Connection, OriginalConnection, QuarantinedConnection, Refusal, RefusalReason,
    SaveConnection, SaveOutcome,
};

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
/// - A connection whose credentials are refused needs re-authorization, since that moment.
/// - A refusal told again changes nothing.
/// - A refusal of a connection that was replaced meanwhile changes nothing.
/// - A refusal of a connection that was ended meanwhile changes nothing.
/// - A connect after a refusal is active again.
/// - An audit row stands beside each refusal that is news.
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

    /// The provider refused the credentials of this connection at `at`: unless the row moved meanwhile, only connecting
    /// again helps, and an audit row tells it. Whether that is news.
    async fn mark_needs_reauthorization(&self, connection: &Connection, at: OffsetDateTime)
    -> Result<bool, StoreError>;
}

/// Remembers the connect sessions that we had opened.
///
/// # Contract
///
/// - A remembered session is found open until it expires.
/// - A session of another user or provider is not found.
/// - A session of another company is not found.
/// - Of several open sessions the latest is found.
/// - An audit row tells what each session was opened for.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectSessionStore: Send + Sync {
    /// Remembers a session that this request had opened, together with its audit row.
    async fn remember(&self, session: &ConnectSession, origin: &Origin) -> Result<(), StoreError>;

    /// The latest session of this person and provider that is open at `now`.
    async fn find_open(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
        now: OffsetDateTime,
    ) -> Result<Option<ConnectSession>, StoreError>;
}

/// Writes down what became of the connect sessions that we had opened. Nothing that comes back says which session it
/// comes from, so it counts as the person's latest one of that provider.
///
/// # Contract
///
/// - A completed session is open no longer and tells what it brought.
/// - A refused session is open no longer and tells why.
/// - Only the latest session of that user and provider ends.
/// - A session that was refused is completed by a later connect.
/// - An audit row stands beside each refusal.
/// - A refusal told twice leaves one audit row.
/// - A refusal without a session leaves its audit row.
/// - A person is told why the latest session of each provider was refused.
/// - A refusal is told until the person tries again.
/// - Somebody else's refusals are not told.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectSessionEndings: Send + Sync {
    /// The person's latest session of the provider brought this connection, at `at`. Without a session nothing happens.
    async fn complete(&self, connection: &Connection, at: OffsetDateTime) -> Result<(), StoreError>;

    /// What the person's latest session brought was not taken. Together with its audit row.
    async fn refuse(&self, refusal: &Refusal) -> Result<(), StoreError>;

    /// Why the person's latest session of each provider was refused, of those that were, ordered by provider.
    async fn list_refusals(
        &self,
        company_id: CompanyId,
        user_id: UserId,
    ) -> Result<Vec<(Provider, RefusalReason)>, StoreError>;
}

/// Keeps in Master which account a person first connected, so that later ones can be held to it.
///
/// # Contract
///
/// - The first connected account is the original one.
/// - The same connection told again changes nothing.
/// - The same account by another connection counts as a reconnect.
/// - Another account begins anew.
/// - The original of another user or provider reads as absent.
/// - The original of another company reads as absent.
/// - The same connection told twenty times at once is told once.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OriginalConnections: Send + Sync {
    /// Takes note of an account that is connected now. May be repeated.
    async fn note(&self, connected: &ConnectedAccount) -> Result<(), StoreError>;

    /// The account that the person first connected.
    async fn find_original(
        &self,
        company_id: CompanyId,
        user_id: UserId,
        provider: Provider,
    ) -> Result<Option<OriginalConnection>, StoreError>;
}

/// Keeps connections that nobody may use apart from those that are somebody's.
///
/// # Contract
///
/// - A quarantined connection is kept with its reason and its audit row.
/// - A connection quarantined twice is kept once, with one audit row.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait QuarantineStore: Send + Sync {
    /// Keeps the connection, together with its audit row; one that is there already stays as it is.
    async fn quarantine(&self, connection: &QuarantinedConnection) -> Result<(), StoreError>;
}
