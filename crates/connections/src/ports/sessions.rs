//! What is kept about connect sessions.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Origin, Provider, StoreError, UserId};
use time::OffsetDateTime;

use crate::model::{ConnectSession, Connection, Refusal};

/// Remembers the connect sessions that we had opened.
///
/// # Contract
///
/// - A remembered session is found open until it expires.
/// - A session of another user or provider is not found.
/// - A session of another company is not found.
/// - Of several open sessions the latest is found.
/// - An audit row tells what each session was opened for.
/// - Sessions that ended long ago are forgotten, but for the latest of each person and provider.
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

    /// Deletes at most `most` of the sessions that ran out before `before`, and answers how many. The latest of a person
    /// and provider stays: it tells what became of his last try.
    async fn forget(&self, company_id: CompanyId, before: OffsetDateTime, most: u16) -> Result<usize, StoreError>;
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
/// - What was refused is to be removed at the broker, if it may be.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConnectSessionEndings: Send + Sync {
    /// The person's latest session of the provider brought this connection, at `at`. Without a session nothing happens.
    async fn complete(&self, connection: &Connection, at: OffsetDateTime) -> Result<(), StoreError>;

    /// What the person's latest session brought was not taken. Together with its audit row, and with the removal at the
    /// broker where that may be.
    async fn refuse(&self, refusal: &Refusal) -> Result<(), StoreError>;
}
