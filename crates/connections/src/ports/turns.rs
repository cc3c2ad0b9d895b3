//! What has to be done now and then, by one of many.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

/// Gives turns: of all processes of a deployment one at a time does what has to be done now and then.
///
/// # Contract
///
/// - A turn is given once in its time.
/// - Of twenty who ask at once one gets the turn.
/// - Turns of different names are independent.
/// - Another company's turns are its own.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Turns: Send + Sync {
    /// Whether it is the caller's turn: then nobody has the next one before `every` is over, by the database's clock.
    async fn take_turn(&self, company_id: CompanyId, name: &'static str, every: Duration) -> Result<bool, StoreError>;
}
