//! What is kept of webhooks, connect sessions and removed connections ages out.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{Clock, CompanyId, StoreError};
use time::OffsetDateTime;

use crate::ports::{BrokerRemovals, ConnectSessionStore, WebhookInbox};

/// Forgets webhooks that were worked off long ago, their bodies with them, connect sessions that ended then, and which
/// connections were removed at the broker.
pub struct ForgetOld {
    company_id: CompanyId,
    inbox: Arc<dyn WebhookInbox>,
    sessions: Arc<dyn ConnectSessionStore>,
    removals: Arc<dyn BrokerRemovals>,
    clock: Arc<dyn Clock>,
    keep: Duration,
}

/// Rows that one statement deletes.
const PART: u16 = 500;

impl ForgetOld {
    /// Keeps those of `company_id`, the company of this deployment, for as long as `keep`.
    #[must_use]
    pub const fn new(
        company_id: CompanyId,
        inbox: Arc<dyn WebhookInbox>,
        sessions: Arc<dyn ConnectSessionStore>,
        removals: Arc<dyn BrokerRemovals>,
        clock: Arc<dyn Clock>,
        keep: Duration,
    ) -> Self {
        Self { company_id, inbox, sessions, removals, clock, keep }
    }

    /// Forgets all that is old enough, part by part, and answers how much that was.
    pub async fn forget(&self) -> Result<usize, StoreError> {
        let before = self.clock.now().checked_sub(self.keep.try_into().unwrap_or(time::Duration::MAX));
        let before = before.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let mut forgotten = 0;
        loop {
            let webhooks = self.inbox.forget(self.company_id, self.keep, PART).await?;
            let sessions = self.sessions.forget(self.company_id, before, PART).await?;
            let removals = self.removals.forget(self.company_id, self.keep, PART).await?;
            forgotten += webhooks + sessions + removals;
            if webhooks.max(sessions).max(removals) < usize::from(PART) {
                return Ok(forgotten);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{MockBrokerRemovals, MockConnectSessionStore, MockWebhookInbox};
    use crate::testing::{COMPANY_A, NOON};

    #[tokio::test]
    async fn it_goes_on_until_nothing_old_is_left() {
        const KEEP: Duration = Duration::from_hours(24);
        let mut inbox = MockWebhookInbox::new();
        let mut webhooks = vec![0, 3, 500];
        inbox
            .expect_forget()
            .withf(|_, keep, most| (*keep, *most) == (KEEP, PART))
            .returning(move |_, _, _| Ok(webhooks.pop().expect("no more is asked for")));
        let mut sessions = MockConnectSessionStore::new();
        let mut ended = vec![7, 500, 500];
        let is_old = |before: &OffsetDateTime| *before == NOON - time::Duration::DAY;
        let asked = sessions.expect_forget().withf(move |_, before, _| is_old(before)).times(3);
        asked.returning(move |_, _, _| Ok(ended.pop().expect("no more is asked for")));

        let mut removals = MockBrokerRemovals::new();
        let asked = removals.expect_forget().withf(|_, keep, most| (*keep, *most) == (KEEP, PART)).times(3);
        asked.returning(|_, _, _| Ok(1));

        let forget =
            ForgetOld::new(COMPANY_A, Arc::new(inbox), Arc::new(sessions), Arc::new(removals), Arc::new(|| NOON), KEEP);

        assert_eq!(forget.forget().await.unwrap(), 1513);
    }
}
