//! What is kept about whose account is whose.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, Provider, StoreError, UserId};

use crate::model::{
    Connect, ConnectedAccount, Connection, OriginalConnection, ProviderAccount, QuarantinedConnection, SaveConnection,
    SaveOutcome, UnclaimedConnection,
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
/// - What was replaced is to be removed at the broker.
/// - A connection without user becomes that of the person who claims it, and keeps its connected at.
/// - Of twenty who claim a connection without user at once one gets it.
/// - An account that was not known is noted once.
/// - All connections that somebody owns are listed once, part by part.
/// - A connect heard of before the disconnect brings nobody back.
/// - What was given up comes back to nobody.
/// - An old connection that is somebody's now is nobody else's, and is not removed at the broker.
/// - What was quarantined and is somebody's now is quarantined no more.
/// - What follows a save is due until it was done.
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

    /// Notes the account behind a connection of which none was known, unless the row moved meanwhile.
    async fn identify(&self, connection: &Connection, account: &ProviderAccount) -> Result<(), StoreError>;

    /// The next of the company's connections, ordered by id, from after `after` on: at most `most` rows are looked at.
    async fn list_owned(
        &self,
        company_id: CompanyId,
        after: Option<ConnectionId>,
        most: u16,
    ) -> Result<OwnedPart, StoreError>;

    /// The save of what the row holds, if something that follows it is still to be done.
    async fn find_follow_up(&self, connection: &Connection) -> Result<Option<Connect>, StoreError>;

    /// It is done, for what the row held when it was read.
    async fn followed_up(&self, connection: &Connection) -> Result<(), StoreError>;

    /// The connections for which it is still to be done.
    async fn list_follow_ups(&self, company_id: CompanyId) -> Result<Vec<(Connection, Connect)>, StoreError>;
}

/// A part of the connections that people own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedPart {
    /// Those of its rows that can be read; the others are logged, and hold up nobody else's.
    pub connections: Vec<Connection>,
    /// From after which row the next part goes on; none where nothing follows.
    pub next: Option<ConnectionId>,
}

/// Keeps the connections of which nobody knows whose they are.
///
/// # Contract
///
/// - A connection without user is found by its provider.
/// - The account of one is noted.
/// - One that somebody claimed is none any more.
/// - One that was ended is none any more.
/// - Those of another company are not told of.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UnclaimedConnections: Send + Sync {
    /// All that can be read, ordered by id: a company has few, one a provider where its rows are in order.
    async fn list_unclaimed(&self, company_id: CompanyId) -> Result<Vec<UnclaimedConnection>, StoreError>;

    /// Notes the account behind one.
    async fn identify_unclaimed(
        &self,
        company_id: CompanyId,
        id: ConnectionId,
        account: &ProviderAccount,
    ) -> Result<(), StoreError>;
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
