//! Looking at the connections of a company, and at what got stuck on the way to one.

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, Email, Page, PageRequest, StoreError, UserId};
use thiserror::Error;

use crate::model::{Connection, ConnectionStatus, InboxEntry, KeptInQuarantine, Replay, ReplayOutcome, WebhookState};

/// Shows the connections of a company to those who look after it. Rows without user are none.
///
/// # Contract
///
/// - The connections of several people are listed at once, and nobody else's.
/// - The broker's ids of several connections are told at once.
/// - Connections are counted by status.
/// - Another company's connections are not told of.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectionDirectory: Send + Sync {
    /// The connections of these people.
    async fn list_of(&self, company_id: CompanyId, users: &[UserId]) -> Result<Vec<Connection>, StoreError>;

    /// The broker's ids of these connections, of those that are there.
    async fn broker_ids(
        &self,
        company_id: CompanyId,
        ids: &[ConnectionId],
    ) -> Result<Vec<(ConnectionId, BrokerConnectionId)>, StoreError>;

    /// How many there are of each status, of those that there are any of.
    async fn count_by_status(&self, company_id: CompanyId) -> Result<Vec<(ConnectionStatus, u64)>, StoreError>;
}

/// Shows the members of a company to those who look after it.
///
/// # Contract
///
/// - Active members are listed with their addresses, each once over all pages.
/// - Active members are counted.
/// - Members of another company are not told of.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MemberDirectory: Send + Sync {
    /// Active members, in an order that stays.
    async fn list_active(
        &self,
        company_id: CompanyId,
        page: &PageRequest,
    ) -> Result<Page<(UserId, Email)>, DirectoryError>;

    /// How many there are.
    async fn count_active(&self, company_id: CompanyId) -> Result<u64, StoreError>;
}

/// Shows what got stuck, without what is in it, and gives it another try.
///
/// # Contract
///
/// - Webhooks of a state are listed, the newest first, each once over all pages.
/// - A dead webhook that is replayed waits again, with all its attempts.
/// - A replay leaves an audit row.
/// - What is not dead is not replayed.
/// - While an equal one waits a webhook is not replayed.
/// - Quarantined connections are listed, the newest first, each once over all pages.
/// - What got stuck in another company is not told of and not replayed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait StuckThings: Send + Sync {
    /// Webhooks of this state.
    async fn list_webhooks(
        &self,
        company_id: CompanyId,
        state: WebhookState,
        page: &PageRequest,
    ) -> Result<Page<InboxEntry>, DirectoryError>;

    /// Lets a dead webhook be worked off once more, together with an audit row.
    async fn replay(&self, replay: &Replay) -> Result<ReplayOutcome, StoreError>;

    /// Connections at the broker that fit nobody.
    async fn list_quarantined(
        &self,
        company_id: CompanyId,
        page: &PageRequest,
    ) -> Result<Page<KeptInQuarantine>, DirectoryError>;
}

/// A list could not be told.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// The cursor is none of those that the list answered.
    #[error("the cursor is none of this list")]
    Cursor,
    /// The list could not be read.
    #[error("the list cannot be read")]
    Store(#[from] StoreError),
}
