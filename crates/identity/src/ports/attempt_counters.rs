//! Counting what may be tried only so often.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

/// Counts attempts over a window of time, for all replicas together and across their restarts. Windows live on the
/// clock of the store. One begins with the first attempt and ends for all of its attempts at once, so that trying on
/// does not prolong it.
///
/// # Contract
///
/// - Attempts are counted until their window ends.
/// - After the window counting begins anew.
/// - An attempt that is given back does not count.
/// - Giving back what was never counted does nothing.
/// - Attempts of other keys and companies are counted apart.
/// - Twenty attempts at once are twenty.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AttemptCounters: Send + Sync {
    /// Counts an attempt under `key`, beginning a window of this length where none is open. Whoever limits attempts
    /// counts first and tries afterwards: otherwise any number could be tried at once.
    async fn count(&self, company_id: CompanyId, key: &str, window: Duration) -> Result<Attempts, StoreError>;

    /// Takes one attempt back, because it was no failure.
    async fn give_back(&self, company_id: CompanyId, key: &str) -> Result<(), StoreError>;
}

/// How often something was tried in the window that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// How often, the attempt just counted included; from 1.
    pub count: u32,
    /// When the window ends, from now.
    pub window_ends_in: Duration,
}
