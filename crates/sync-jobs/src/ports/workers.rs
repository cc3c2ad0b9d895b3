//! Knowing who works.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use crate::model::{KnownWorker, WorkerSign};

/// Remembers which workers there are, of all processes. What it tells is for people: nobody's work depends on it.
///
/// # Contract
///
/// - A worker that gave a sign is listed with what it said.
/// - A worker that gives signs again keeps its beginning.
/// - A worker that left is listed no more.
/// - A worker that was silent for a day is forgotten.
/// - What a worker runs is listed with it.
/// - A job of the company that runs is listed without a provider.
/// - Another company's workers are not listed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Workers: Send + Sync {
    /// Notes a sign of a worker that last looked at its queue so long `ago`, and forgets those that were silent for a day.
    async fn note(&self, company_id: CompanyId, sign: &WorkerSign, ago: Duration) -> Result<(), StoreError>;

    /// Forgets a worker that ends.
    async fn forget(&self, company_id: CompanyId, name: &str) -> Result<(), StoreError>;

    /// All that are known, by name.
    async fn list(&self, company_id: CompanyId) -> Result<Vec<KnownWorker>, StoreError>;
}
