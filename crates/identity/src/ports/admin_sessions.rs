//! The sessions of the admin panel.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Origin, StoreError};

use crate::model::{AdminFailure, AdminRefusal, AdminSession, AdminTokenHash, NewAdminSession};

/// Keeps the sessions of the admin panel, and tells of them in the audit log. How long one lasts is measured by the clock
/// of the store, which all replicas share.
///
/// # Contract
///
/// - An opened session is found by its token.
/// - A session whose time is over is not found.
/// - Another company's session is not found.
/// - A closed session is not found, and the others are.
/// - A login and a logout leave an audit row each, with the session.
/// - A session that is closed twenty times at once leaves one audit row.
/// - A session whose time is over is not closed.
/// - A refusal leaves an audit row without a session.
/// - A failure leaves an audit row with the session.
/// - A login removes the sessions whose time is over.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AdminSessions: Send + Sync {
    /// Opens a session, together with its audit row.
    async fn open(&self, session: &NewAdminSession) -> Result<AdminSession, StoreError>;

    /// The session that this token opens, if it is open now.
    async fn find_open(
        &self,
        company_id: CompanyId,
        token: &AdminTokenHash,
    ) -> Result<Option<AdminSession>, StoreError>;

    /// Closes a session, together with its audit row. Whether it was open.
    async fn close(&self, session: &AdminSession, origin: &Origin) -> Result<bool, StoreError>;

    /// Writes down in the audit log that somebody was not let in.
    async fn tell_refusal(&self, refusal: &AdminRefusal) -> Result<(), StoreError>;

    /// Writes down in the audit log that an admin wanted something that was not done. What was done is told by whoever
    /// did it, in the same transaction.
    async fn tell_failure(&self, failure: &AdminFailure) -> Result<(), StoreError>;
}
