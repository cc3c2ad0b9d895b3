//! Erasing what a person brought in.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};

use crate::model::{Erase, ErasureReceipt};

/// Erases people's contributions, part by part. Where it was broken off, it goes on when it is asked again.
///
/// # Contract
///
/// - What only he brought in goes.
/// - What others brought in too stays without his name.
/// - What others brought in before him stays theirs.
/// - An attachment stays with its mail.
/// - What nobody else is known to have brought in goes.
/// - Colleagues and other companies keep what they have.
/// - The last part leaves a receipt and an audit row.
/// - Who was erased has nothing here.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Erasure: Send + Sync {
    /// Whether there is anything of the person that would be erased.
    async fn has_any(&self, company_id: CompanyId, user_id: UserId) -> Result<bool, StoreError>;

    /// Erases a part. The receipt where it was the last one.
    async fn erase_some(&self, erase: &Erase) -> Result<Option<ErasureReceipt>, StoreError>;
}
