//! What is personal in old audit rows is forgotten.

use std::sync::Arc;

use cortex_kernel::{Clock, CompanyId, StoreError};
use time::{Duration, Time};

use crate::ports::{AuditRetention, MasterActions};

/// Forgets address, agent and details of rows that are older than some days. What was done, by whom and when stays, and so
/// does the chain.
pub struct ForgetAuditDetails {
    company_id: CompanyId,
    retention: Arc<dyn AuditRetention>,
    master: Arc<dyn MasterActions>,
    clock: Arc<dyn Clock>,
    keep: Duration,
}

/// Rows that are locked at once.
const BATCH: u16 = 500;

impl ForgetAuditDetails {
    /// Keeps what is personal in rows of this company for `keep`, which is at least a day, counted in whole days.
    #[must_use]
    pub const fn new(
        company_id: CompanyId,
        retention: Arc<dyn AuditRetention>,
        master: Arc<dyn MasterActions>,
        clock: Arc<dyn Clock>,
        keep: Duration,
    ) -> Self {
        Self { company_id, retention, master, clock, keep }
    }

    /// Forgets what is old enough, in the company's log and in the rows of Master that it copied long ago, and answers of
    /// how many rows.
    pub async fn forget(&self) -> Result<u64, StoreError> {
        // All replicas name the same moment on one day, so that the log tells it once.
        let midnight = self.clock.now().replace_time(Time::MIDNIGHT);
        let Some(before) = midnight.checked_sub(self.keep) else { return Ok(0) };
        let here = in_batches(async || self.retention.forget(self.company_id, before, BATCH).await).await?;
        let there = in_batches(async || self.master.forget_details(self.company_id, before, BATCH).await).await?;
        Ok(here + there)
    }
}

/// The sum of what batches did, of which the last one was not full.
async fn in_batches(forget: impl AsyncFn() -> Result<u64, StoreError>) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    loop {
        let some = forget().await?;
        forgotten += some;
        if some < u64::from(BATCH) {
            return Ok(forgotten);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{MockAuditRetention, MockMasterActions};
    use crate::testing::{COMPANY_A, NOON};

    #[tokio::test]
    async fn rows_forget_in_batches_until_none_is_left() {
        let mut retention = MockAuditRetention::new();
        let mut left = 1_001_u64;
        let before = NOON.replace_time(Time::MIDNIGHT) - Duration::days(30);
        retention.expect_forget().withf(move |_, at, _| *at == before).times(3).returning(move |_, _, most| {
            let some = left.min(u64::from(most));
            left -= some;
            Ok(some)
        });

        let mut master = MockMasterActions::new();
        master.expect_forget_details().withf(move |_, at, _| *at == before).once().returning(|_, _, _| Ok(7));

        let (retention, master) = (Arc::new(retention), Arc::new(master));
        let forget = ForgetAuditDetails::new(COMPANY_A, retention, master, Arc::new(|| NOON), Duration::days(30));

        assert_eq!(forget.forget().await.unwrap(), 1_008);
    }
}
