//! Where nothing else lets an initial sync start, the leave of the whole company may.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::StoreError;

use crate::model::{StartRefusal, SyncStart, Trigger};
use crate::ports::{CompanyLeaves, StartOutcome, SyncStarter};

/// Starts syncs as another starter does, and asks for the company's leave where that finds a lock in the way. An admin's own
/// word about the lock is heard first: where he wants none read, no leave is used up.
pub struct ByCompanyLeave {
    starter: Arc<dyn SyncStarter>,
    leaves: Arc<dyn CompanyLeaves>,
}

impl ByCompanyLeave {
    /// Starts by `starter`, and where it refuses for the lock once more with one of `leaves`.
    #[must_use]
    pub const fn new(starter: Arc<dyn SyncStarter>, leaves: Arc<dyn CompanyLeaves>) -> Self {
        Self { starter, leaves }
    }
}

#[async_trait]
impl SyncStarter for ByCompanyLeave {
    async fn start(&self, start: &SyncStart) -> Result<StartOutcome, StoreError> {
        let outcome = self.starter.start(start).await?;
        let company_id = start.request.company_id;
        let is_locked = outcome == StartOutcome::Refused(StartRefusal::Locked);
        if !is_locked || start.request.trigger != Trigger::User || !self.leaves.use_up(company_id).await? {
            return Ok(outcome);
        }
        // Master's database is another one: what is used up there and started here are two steps.
        let started = self.starter.start(&SyncStart { has_leave: true, ..start.clone() }).await;
        if !matches!(started, Ok(StartOutcome::Started(_)))
            && let Err(error) = self.leaves.give_back(company_id).await
        {
            tracing::warn!(%error, "a leave of the company was used up for nothing");
        }
        started
    }
}

#[cfg(test)]
mod tests {
    use cortex_kernel::JobId;
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;
    use crate::model::SyncRequest;
    use crate::ports::{MockCompanyLeaves, MockSyncStarter};
    use crate::testing::{a_job, a_request};

    fn start(trigger: Trigger) -> SyncStart {
        let request = SyncRequest { trigger, ..a_request() };
        SyncStart { request, id: JobId::new(Uuid::from_u128(7)), max_attempts: 3, has_leave: false }
    }

    const LOCKED: StartOutcome = StartOutcome::Refused(StartRefusal::Locked);

    /// Refuses so without a leave, and answers so with one.
    fn starter(refused: StartOutcome, with_leave: Option<StartOutcome>) -> Arc<MockSyncStarter> {
        let mut starter = MockSyncStarter::new();
        starter.expect_start().withf(|start| !start.has_leave).once().return_once(move |_| Ok(refused));
        if let Some(outcome) = with_leave {
            starter.expect_start().withf(|start| start.has_leave).once().return_once(move |_| Ok(outcome));
        }
        Arc::new(starter)
    }

    fn leaves(has_one: bool, given_back: usize) -> Arc<MockCompanyLeaves> {
        let mut leaves = MockCompanyLeaves::new();
        leaves.expect_use_up().once().returning(move |_| Ok(has_one));
        leaves.expect_give_back().times(given_back).returning(|_| Ok(()));
        Arc::new(leaves)
    }

    #[tokio::test]
    async fn a_leave_of_the_company_passes_the_lock() {
        let starts = ByCompanyLeave::new(starter(LOCKED, Some(StartOutcome::Started(a_job()))), leaves(true, 0));

        assert_eq!(starts.start(&start(Trigger::User)).await.unwrap(), StartOutcome::Started(a_job()));
    }

    #[tokio::test]
    async fn without_one_the_lock_holds() {
        let starts = ByCompanyLeave::new(starter(LOCKED, None), leaves(false, 0));

        assert_eq!(starts.start(&start(Trigger::User)).await.unwrap(), LOCKED);
    }

    #[tokio::test]
    async fn one_that_started_nothing_is_given_back() {
        let refused = StartOutcome::Refused(StartRefusal::NeedsReauthorization);
        let starts = ByCompanyLeave::new(starter(LOCKED, Some(refused.clone())), leaves(true, 1));

        assert_eq!(starts.start(&start(Trigger::User)).await.unwrap(), refused);
    }

    /// A mock without expectations panics when it is asked.
    #[rstest]
    #[case::blocked(StartOutcome::Refused(StartRefusal::Blocked), Trigger::User)]
    #[case::not_connected(StartOutcome::Refused(StartRefusal::NotConnected), Trigger::User)]
    #[case::started(StartOutcome::Started(a_job()), Trigger::User)]
    #[case::wanted_by_a_webhook(LOCKED, Trigger::Webhook)]
    #[tokio::test]
    async fn what_needs_no_leave_or_gets_none_uses_none_up(#[case] outcome: StartOutcome, #[case] trigger: Trigger) {
        let starts = ByCompanyLeave::new(starter(outcome.clone(), None), Arc::new(MockCompanyLeaves::new()));

        assert_eq!(starts.start(&start(trigger)).await.unwrap(), outcome);
    }
}
