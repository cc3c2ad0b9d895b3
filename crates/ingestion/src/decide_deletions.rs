//! Somebody's word on deletions that were held back, and what follows from it.

use std::sync::Arc;

use cortex_kernel::{CompanyId, StoreError};
use thiserror::Error;

use crate::model::{DecisionOutcome, DeletionDecision, Verdict};
use crate::ports::HeldDeletions;

/// Decides of deletions that are held, and carries out what is confirmed.
pub struct DecideDeletions {
    company_id: CompanyId,
    held: Arc<dyn HeldDeletions>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecidedDeletions {
    /// Of how many records.
    pub records: u64,
    /// Documents that went.
    pub documents_removed: u64,
}

/// Nothing was decided, or what was confirmed is not carried out to its end.
#[derive(Debug, Error)]
pub enum DecideDeletionsError {
    /// There is nothing of this number to be decided.
    #[error("there are no such deletions")]
    NotFound,
    /// It was decided before.
    #[error("it was decided before")]
    AlreadyDecided,
    /// The database could not be asked, or did not take it. What was decided until then is decided, and is carried out
    /// later.
    #[error("the deletions could not be decided")]
    Store(#[from] StoreError),
}

/// Records that one step ends: about a second of work, for which their documents are locked.
const STEP: u16 = 1_000;

impl DecideDeletions {
    /// Decides in `held`, in the company of this deployment.
    #[must_use]
    pub const fn new(company_id: CompanyId, held: Arc<dyn HeldDeletions>) -> Self {
        Self { company_id, held }
    }

    /// Makes the decision, and carries it out to its end. What keeps it from that end is made up for by
    /// [`finish`](Self::finish).
    pub async fn decide(&self, decision: &DeletionDecision) -> Result<DecidedDeletions, DecideDeletionsError> {
        let records = match self.held.decide(decision).await? {
            DecisionOutcome::Decided { records } => records,
            DecisionOutcome::NotFound => return Err(DecideDeletionsError::NotFound),
            DecisionOutcome::AlreadyDecided => return Err(DecideDeletionsError::AlreadyDecided),
        };
        let DeletionDecision { company_id, id, verdict, by, origin: _ } = decision;
        tracing::info!(records, "held deletions {id} of company {company_id}: {} by user {by}", verdict.state().name());
        let documents_removed = match verdict {
            Verdict::Confirm => self.carry_out(*company_id, *id).await?,
            Verdict::Reject => 0,
        };
        Ok(DecidedDeletions { records, documents_removed })
    }

    /// Carries out what was confirmed and left before its end. Answers how many deletions that were.
    pub async fn finish(&self) -> Result<usize, StoreError> {
        let mut finished = 0;
        while let Some(id) = self.held.find_unfinished(self.company_id).await? {
            self.carry_out(self.company_id, id).await?;
            finished += 1;
        }
        Ok(finished)
    }

    async fn carry_out(&self, company_id: CompanyId, id: i64) -> Result<u64, StoreError> {
        loop {
            let so_far = self.held.carry_out_some(company_id, id, STEP).await?;
            if so_far.is_done {
                return Ok(so_far.documents_removed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cortex_kernel::Origin;

    use super::*;
    use crate::model::CarriedOut;
    use crate::ports::MockHeldDeletions;
    use crate::testing::{COMPANY_A, USER_1};

    fn decision(verdict: Verdict) -> DeletionDecision {
        DeletionDecision { company_id: COMPANY_A, id: 7, verdict, by: USER_1, origin: Origin::default() }
    }

    /// Decides so, and has so much to carry out, the last step first.
    fn held(outcome: DecisionOutcome, mut steps: Vec<(u64, bool)>) -> MockHeldDeletions {
        let mut held = MockHeldDeletions::new();
        held.expect_decide().returning(move |_| Ok(outcome));
        held.expect_carry_out_some()
            .withf(|company_id, id, most| (*company_id, *id, *most) == (COMPANY_A, 7, STEP))
            .times(steps.len())
            .returning(move |_, _, _| {
                let (documents_removed, is_done) = steps.pop().expect("no more is asked for");
                Ok(CarriedOut { documents_removed, is_done })
            });
        held
    }

    fn decide(held: MockHeldDeletions) -> DecideDeletions {
        DecideDeletions::new(COMPANY_A, Arc::new(held))
    }

    #[tokio::test]
    async fn what_is_confirmed_is_carried_out_to_its_end() {
        let held =
            held(DecisionOutcome::Decided { records: 2_300 }, vec![(2_310, true), (2_000, false), (1_000, false)]);

        let decided = decide(held).decide(&decision(Verdict::Confirm)).await.unwrap();

        assert_eq!(decided, DecidedDeletions { records: 2_300, documents_removed: 2_310 });
    }

    #[tokio::test]
    async fn of_what_is_rejected_nothing_goes() {
        let held = held(DecisionOutcome::Decided { records: 30 }, vec![]);

        let decided = decide(held).decide(&decision(Verdict::Reject)).await.unwrap();

        assert_eq!(decided, DecidedDeletions { records: 30, documents_removed: 0 });
    }

    #[tokio::test]
    async fn what_cannot_be_decided_says_why() {
        let absent = decide(held(DecisionOutcome::NotFound, vec![])).decide(&decision(Verdict::Confirm)).await;
        assert!(matches!(absent, Err(DecideDeletionsError::NotFound)), "{absent:?}");

        let twice = decide(held(DecisionOutcome::AlreadyDecided, vec![])).decide(&decision(Verdict::Reject)).await;
        assert!(matches!(twice, Err(DecideDeletionsError::AlreadyDecided)), "{twice:?}");
    }

    #[tokio::test]
    async fn what_was_left_is_finished() {
        let mut held = held(DecisionOutcome::NotFound, vec![(5, true), (3, false), (1, true)]);
        let mut unfinished = vec![None, Some(7), Some(7)];
        held.expect_find_unfinished().times(3).returning(move |_| Ok(unfinished.pop().expect("no more is asked for")));

        assert_eq!(decide(held).finish().await.unwrap(), 2);
    }
}
