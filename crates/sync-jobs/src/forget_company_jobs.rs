//! Jobs of the company that ended long ago are not kept for ever.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, StoreError};

use crate::ports::CompanyJobs;

/// Forgets jobs of the company that ended and are older than [`KEEP`]. Those of accounts stay.
pub struct ForgetCompanyJobs {
    company_id: CompanyId,
    jobs: Arc<dyn CompanyJobs>,
}

/// So long what ended is kept: a month of what people may want to look at.
pub const KEEP: Duration = Duration::from_hours(30 * 24);

/// Rows that one statement deletes.
const PART: u16 = 500;

impl ForgetCompanyJobs {
    /// Looks after those of `company_id`, the company of this deployment.
    #[must_use]
    pub const fn new(company_id: CompanyId, jobs: Arc<dyn CompanyJobs>) -> Self {
        Self { company_id, jobs }
    }

    /// Forgets all that is old enough, part by part, and answers how much that was.
    pub async fn forget(&self) -> Result<usize, StoreError> {
        let mut forgotten = 0;
        loop {
            let part = self.jobs.forget_ended(self.company_id, KEEP, PART).await?;
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
    use crate::ports::MockCompanyJobs;
    use crate::testing::COMPANY_A;

    #[tokio::test]
    async fn it_goes_on_until_nothing_old_is_left() {
        let mut jobs = MockCompanyJobs::new();
        let mut parts = vec![3, 500, 500];
        jobs.expect_forget_ended()
            .withf(|company_id, keep, most| (*company_id, *keep, *most) == (COMPANY_A, KEEP, PART))
            .times(3)
            .returning(move |_, _, _| Ok(parts.pop().expect("no more is asked for")));

        assert_eq!(ForgetCompanyJobs::new(COMPANY_A, Arc::new(jobs)).forget().await.unwrap(), 1_003);
    }
}
