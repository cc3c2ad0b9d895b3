//! Keys of requests are not kept for ever.

use std::sync::Arc;

use cortex_kernel::{CompanyId, StoreError};

use crate::model::KEEP_ANSWERS;
use crate::ports::IdempotencyKeys;

/// Forgets keys that name nothing any more, with their answers.
pub struct ForgetIdempotencyKeys {
    company_id: CompanyId,
    keys: Arc<dyn IdempotencyKeys>,
}

/// Rows that one statement deletes.
const PART: u16 = 500;

impl ForgetIdempotencyKeys {
    /// Forgets those of `company_id`, the company of this deployment.
    #[must_use]
    pub const fn new(company_id: CompanyId, keys: Arc<dyn IdempotencyKeys>) -> Self {
        Self { company_id, keys }
    }

    /// Forgets all that is old enough, part by part, and answers how much that was.
    pub async fn forget(&self) -> Result<usize, StoreError> {
        let mut forgotten = 0;
        loop {
            let part = self.keys.forget(self.company_id, KEEP_ANSWERS, PART).await?;
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
    use crate::ports::MockIdempotencyKeys;
    use crate::testing::COMPANY_A;

    #[tokio::test]
    async fn it_goes_on_until_nothing_old_is_left() {
        let mut keys = MockIdempotencyKeys::new();
        let mut parts = vec![3, 500, 500];
        keys.expect_forget()
            .withf(|company_id, age, most| (*company_id, *age, *most) == (COMPANY_A, KEEP_ANSWERS, PART))
            .times(3)
            .returning(move |_, _, _| Ok(parts.pop().expect("no more is asked for")));

        let forgotten = ForgetIdempotencyKeys::new(COMPANY_A, Arc::new(keys)).forget().await;

        assert_eq!(forgotten.unwrap(), 1_003);
    }
}
