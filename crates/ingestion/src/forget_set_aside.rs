//! What could not be taken in is not kept for ever.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, StoreError};

use crate::ports::SetAsideRecords;

/// Forgets records that were last set aside long ago.
pub struct ForgetSetAside {
    company_id: CompanyId,
    records: Arc<dyn SetAsideRecords>,
    keep: Duration,
}

/// Rows that one statement deletes.
const PART: u16 = 500;

impl ForgetSetAside {
    /// Keeps those of `company_id`, the company of this deployment, for as long as `keep`.
    #[must_use]
    pub const fn new(company_id: CompanyId, records: Arc<dyn SetAsideRecords>, keep: Duration) -> Self {
        Self { company_id, records, keep }
    }

    /// Forgets all that is old enough, part by part, and answers how much that was.
    pub async fn forget(&self) -> Result<usize, StoreError> {
        let mut forgotten = 0;
        loop {
            let part = self.records.forget(self.company_id, self.keep, PART).await?;
            forgotten += part;
            if part < usize::from(PART) {
                return Ok(forgotten);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockSetAsideRecords;
    use crate::testing::COMPANY_A;

    #[tokio::test]
    async fn it_goes_on_until_nothing_old_is_left() {
        const KEEP: Duration = Duration::from_hours(24);
        let mut records = MockSetAsideRecords::new();
        let mut parts = vec![3, 500, 500];
        records
            .expect_forget()
            .withf(|company_id, keep, most| (*company_id, *keep, *most) == (COMPANY_A, KEEP, PART))
            .times(3)
            .returning(move |_, _, _| Ok(parts.pop().expect("no more is asked for")));

        let forgotten = ForgetSetAside::new(COMPANY_A, Arc::new(records), KEEP).forget().await;

        assert_eq!(forgotten.unwrap(), 1_003);
    }
}
