//! A person's contributions go.

use std::sync::Arc;

use cortex_kernel::StoreError;
use thiserror::Error;

use crate::model::{Erase, ErasureReceipt};
use crate::ports::Erasure;

/// Erases people.
pub struct ErasePerson {
    erasure: Arc<dyn Erasure>,
}

/// Nobody was erased, or not all of it.
#[derive(Debug, Error)]
pub enum ErasePersonError {
    /// He is nobody's member and left nothing here.
    #[error("there is no such person")]
    NotFound,
    /// The database could not be asked, or did not take it. What was erased until then is erased: asking again goes on.
    #[error("the person could not be erased")]
    Store(#[from] StoreError),
}

impl ErasePerson {
    /// Erases by `erasure`.
    #[must_use]
    pub const fn new(erasure: Arc<dyn Erasure>) -> Self {
        Self { erasure }
    }

    /// Erases all that the person contributed, part by part. Of whom the company knows nothing, and who left nothing, is
    /// not there; `is_known` is whether he is or was a member.
    pub async fn erase(&self, erase: &Erase, is_known: bool) -> Result<ErasureReceipt, ErasePersonError> {
        if !is_known && !self.erasure.has_any(erase.company_id, erase.user_id).await? {
            return Err(ErasePersonError::NotFound);
        }
        loop {
            if let Some(receipt) = self.erasure.erase_some(erase).await? {
                let Erase { company_id, user_id, by, .. } = erase;
                tracing::info!("user {user_id} of company {company_id} is erased by user {by}: receipt {}", receipt.id);
                return Ok(receipt);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cortex_kernel::Origin;
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;
    use crate::ports::MockErasure;
    use crate::testing::{COMPANY_A, NOON, USER_1, USER_2};

    fn wish() -> Erase {
        Erase { company_id: COMPANY_A, user_id: USER_2, by: USER_1, at: NOON, origin: Origin::default() }
    }

    fn receipt() -> ErasureReceipt {
        let (documents, documents_kept, sources, connections) = (1_500, 1, 1_600, 1);
        ErasureReceipt { id: Uuid::nil(), documents, documents_kept, sources, connections, erased_at: NOON }
    }

    fn erasing(has_any: bool) -> ErasePerson {
        let mut erasure = MockErasure::new();
        erasure.expect_has_any().returning(move |_, _| Ok(has_any));
        let mut parts = vec![Some(receipt()), None, None];
        erasure.expect_erase_some().returning(move |_| Ok(parts.pop().expect("no part after the last one")));
        ErasePerson::new(Arc::new(erasure))
    }

    #[rstest]
    #[case::a_member(true, false)]
    #[case::somebody_who_left_something(false, true)]
    #[tokio::test]
    async fn it_goes_on_until_there_is_a_receipt(#[case] is_known: bool, #[case] has_any: bool) {
        assert_eq!(erasing(has_any).erase(&wish(), is_known).await.unwrap(), receipt());
    }

    #[tokio::test]
    async fn whom_nobody_knows_is_not_there() {
        let refused = erasing(false).erase(&wish(), false).await;

        assert!(matches!(refused, Err(ErasePersonError::NotFound)), "{refused:?}");
    }
}
