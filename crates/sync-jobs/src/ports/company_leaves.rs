//! The leave that Master gives a whole company.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

/// Keeps, at Master, whether somebody of a company may have an account read from the beginning once more.
///
/// # Contract
///
/// - A company's leave is used up once.
/// - Of twenty who want a company's leave one gets it.
/// - Without a leave of the company none is used up.
/// - A leave that was given back is there again.
/// - Another company's leave is not used up.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CompanyLeaves: Send + Sync {
    /// Uses the leave up. False where there is none.
    async fn use_up(&self, company_id: CompanyId) -> Result<bool, StoreError>;

    /// Gives back one that was used up for nothing.
    async fn give_back(&self, company_id: CompanyId) -> Result<(), StoreError>;
}
