//! What is asked about people.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Email, StoreError, UserId};

/// Knows who may own connections.
///
/// # Contract
///
/// - An active member is found with his address.
/// - Who is invited or deactivated is no active member.
/// - A member of another company is no active member.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Members: Send + Sync {
    /// The address by which the company knows the person, if he is an active member now.
    async fn find_active(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Email>, StoreError>;
}
