//! Connections that nobody of ours uses any more go at the broker too.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, StoreError};

use crate::log::chain;
use crate::model::{BrokerReference, ClaimedRemoval, Removal};
use crate::ports::{BrokerError, BrokerRemovals, BrokeredConnections};
use crate::work_off_inbox::Tick;

/// Removes connections at the broker.
///
/// Whoever gives a connection up remembers it as a [`Removal`] in the same transaction, and calls [`Self::at_once`]
/// after it. Where that does not work out, [`Self::tick`] makes up for it.
#[derive(Clone)]
pub struct RemoveAtBroker {
    company_id: CompanyId,
    brokered: Arc<dyn BrokeredConnections>,
    removals: Arc<dyn BrokerRemovals>,
}

/// How long a removal stays with a worker that does not come back.
const HOLD: Duration = Duration::from_mins(1);

const SHORTEST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

impl RemoveAtBroker {
    /// Removes connections of `company_id`, the company of this deployment.
    #[must_use]
    pub const fn new(
        company_id: CompanyId,
        brokered: Arc<dyn BrokeredConnections>,
        removals: Arc<dyn BrokerRemovals>,
    ) -> Self {
        Self { company_id, brokered, removals }
    }

    /// Removes what may be remembered already. Not being able to is no failure of the caller's: it is tried again later.
    pub async fn at_once(&self, reference: &BrokerReference) {
        let BrokerReference { provider, id } = reference;
        let removal = Removal { company_id: self.company_id, reference: reference.clone() };
        let removed = match self.removals.take(&removal, HOLD).await {
            Ok(Some(claimed)) => self.remove(&claimed).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::warn!("the {provider} connection {id} will be removed at the broker later: {}", chain(&error));
        }
    }

    /// Removes the connection that has been due longest. An error means that nobody knows which that is.
    pub async fn tick(&self) -> Result<Tick, StoreError> {
        let Some(claimed) = self.removals.claim_next(self.company_id, HOLD).await? else { return Ok(Tick::Idle) };
        self.remove(&claimed).await?;
        Ok(Tick::Worked)
    }

    async fn remove(&self, claimed: &ClaimedRemoval) -> Result<(), StoreError> {
        let BrokerReference { provider, id } = &claimed.reference;
        let removal = Removal { company_id: self.company_id, reference: claimed.reference.clone() };
        match self.brokered.delete(&claimed.reference).await {
            Ok(()) => {
                tracing::info!("removed the {provider} connection {id} at the broker");
                self.removals.settle(&removal).await
            }
            Err(error) => {
                let after = pause(&error, claimed.attempt);
                let error = chain(&error);
                tracing::warn!("the {provider} connection {id} is left at the broker and removed later: {error}");
                self.removals.put_off(&removal, &error, after).await
            }
        }
    }
}

fn pause(error: &BrokerError, attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(10);
    let grown = (SHORTEST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
    match error {
        BrokerError::Throttled { retry_after: Some(wait) } => (*wait).clamp(SHORTEST_PAUSE, LONGEST_PAUSE),
        BrokerError::Throttled { retry_after: None }
        | BrokerError::Unauthorised(_)
        | BrokerError::Unavailable(_)
        | BrokerError::BadAnswer(_) => grown,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scene::{FakeBroker, at_broker, away};
    use crate::testing::{COMPANY_A, InMemoryBrokerRemovals};

    fn removal(id: &str) -> Removal {
        Removal { company_id: COMPANY_A, reference: at_broker(id).reference }
    }

    fn remove(broker: &Arc<FakeBroker>, removals: &Arc<InMemoryBrokerRemovals>) -> RemoveAtBroker {
        RemoveAtBroker::new(COMPANY_A, broker.clone(), removals.clone())
    }

    #[tokio::test]
    async fn what_is_removed_at_once_is_not_remembered() {
        let (broker, removals) = (Arc::<FakeBroker>::default(), Arc::<InMemoryBrokerRemovals>::default());
        removals.put(&removal("broker-1")).await.unwrap();

        remove(&broker, &removals).at_once(&removal("broker-1").reference).await;

        assert_eq!(broker.deleted(), ["broker-1"]);
        assert_eq!(remove(&broker, &removals).tick().await.unwrap(), Tick::Idle);
    }

    #[tokio::test]
    async fn what_could_not_be_removed_at_once_is_removed_later() {
        let (broker, removals) = (Arc::<FakeBroker>::default(), Arc::<InMemoryBrokerRemovals>::default());
        removals.put(&removal("broker-1")).await.unwrap();
        broker.fail(Some(away));
        let remove = remove(&broker, &removals);

        remove.at_once(&removal("broker-1").reference).await;
        assert_eq!(remove.tick().await.unwrap(), Tick::Idle, "it is put off");
        assert_eq!(broker.deleted(), [""; 0]);

        broker.fail(None);
        removals.pass(SHORTEST_PAUSE);
        assert_eq!(remove.tick().await.unwrap(), Tick::Worked);
        assert_eq!(broker.deleted(), ["broker-1"]);
        assert_eq!(removals.list_pending(COMPANY_A).await.unwrap(), []);
    }

    #[test]
    fn who_asks_us_to_wait_is_obeyed_and_everybody_else_asked_less_and_less_often() {
        let throttled = BrokerError::Throttled { retry_after: Some(Duration::from_secs(77)) };

        assert_eq!(pause(&throttled, 1), Duration::from_secs(77));
        assert_eq!(pause(&away(), 1), SHORTEST_PAUSE);
        assert_eq!(pause(&away(), 2), SHORTEST_PAUSE * 2);
        assert_eq!(pause(&away(), 1_000), LONGEST_PAUSE);
    }
}
