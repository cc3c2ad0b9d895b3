//! What this domain needs from outside.

mod admin_login;
mod admin_sessions;
mod attempt_counters;
mod audit;
mod membership_watch;
mod profile_reader;
mod team_store;
mod user_directory;
mod visit_store;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Origin, StoreError, UserId};
use thiserror::Error;
use time::OffsetDateTime;

use crate::model::{Company, Membership, TokenRefusal, VerifiedToken};

pub use admin_login::{AdminTokens, PinVerifier, VerifyPinError};
#[cfg(any(test, feature = "testing"))]
pub use admin_login::{MockAdminTokens, MockPinVerifier};
pub use admin_sessions::AdminSessions;
#[cfg(any(test, feature = "testing"))]
pub use admin_sessions::MockAdminSessions;
#[cfg(any(test, feature = "testing"))]
pub use attempt_counters::MockAttemptCounters;
pub use attempt_counters::{AttemptCounters, Attempts};
pub use audit::{
    AuditChain, AuditCopies, AuditHeads, AuditLog, AuditRetention, AuditSealer, ConnectionActions, ListAuditError,
    MasterActions, MasterCopies, Sealing,
};
#[cfg(any(test, feature = "testing"))]
pub use audit::{
    MockAuditChain, MockAuditCopies, MockAuditHeads, MockAuditLog, MockAuditRetention, MockAuditSealer,
    MockConnectionActions, MockMasterActions, MockMasterCopies,
};
pub use membership_watch::{MembershipChanges, MembershipWatch};
#[cfg(any(test, feature = "testing"))]
pub use membership_watch::{MockMembershipChanges, MockMembershipWatch};
#[cfg(any(test, feature = "testing"))]
pub use profile_reader::MockProfileReader;
pub use profile_reader::ProfileReader;
#[cfg(any(test, feature = "testing"))]
pub use team_store::MockTeamStore;
pub use team_store::{ChangeTeamError, ListMembersError, PendingBinding, TeamStore};
#[cfg(any(test, feature = "testing"))]
pub use user_directory::MockUserDirectory;
pub use user_directory::{DirectoryError, InviteAnswer, UserDirectory};
#[cfg(any(test, feature = "testing"))]
pub use visit_store::MockVisitStore;
pub use visit_store::VisitStore;

/// Checks tokens of Master Supabase Auth.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// What `token` says, if it is ours and valid now. Waits for keys only where none were ever loaded.
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyTokenError>;
}

/// A token could not be taken.
#[derive(Debug, Error)]
pub enum VerifyTokenError {
    /// It is not ours, not valid now, or nothing we accept. The reason is for the log only.
    #[error("the token was refused")]
    Refused(#[source] TokenRefusal),
    /// No key could ever be loaded, so nothing can be said about any token.
    #[error("no keys to check tokens with")]
    KeysUnavailable,
}

/// Knows companies and who belongs to them.
///
/// # Contract
///
/// - A company that is not there reads as absent.
/// - A company is found with its status.
/// - A membership in another company reads as absent.
/// - A membership is found with its role and its standing.
/// - An open invitation becomes an active membership.
/// - An acceptance leaves one audit row.
/// - An invitation accepted twenty times at once leaves one audit row.
/// - An invitation that ran out is not accepted.
/// - A deactivated membership is not accepted.
/// - An invitation with the address of an active colleague is not accepted.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MembershipStore: Send + Sync {
    /// The company, if Master knows it.
    async fn find_company(&self, company_id: CompanyId) -> Result<Option<Company>, StoreError>;

    /// The person's membership in this company, active or not.
    async fn find_membership(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Membership>, StoreError>;

    /// Makes an open invitation an active membership, together with its audit row, and answers the membership if it is
    /// active afterwards, whoever made it so.
    async fn accept_invitation(&self, acceptance: &Acceptance) -> Result<Option<Membership>, StoreError>;
}

/// An invited person came with a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The company that invited.
    pub company_id: CompanyId,
    /// Who came.
    pub user_id: UserId,
    /// When. The invitation must not have run out by then.
    pub at: OffsetDateTime,
    /// The request that brought the token.
    pub origin: Origin,
}
