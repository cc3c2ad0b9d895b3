//! Reading what a person may know of his own places.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};

use crate::model::{Profile, UserCompany};

/// Tells people about their own places.
///
/// # Contract
///
/// - A profile tells the company and the last login.
/// - A membership in another company is no profile.
/// - Every company that a person may enter is listed by name.
/// - A company that is not active is not listed.
/// - A membership that is not active is not listed.
/// - The companies of somebody else are not listed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ProfileReader: Send + Sync {
    /// The member's place in this company.
    async fn find_profile(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Profile>, StoreError>;

    /// The active companies of which the person is an active member, other deployments' too.
    async fn list_companies(&self, user_id: UserId) -> Result<Vec<UserCompany>, StoreError>;
}
