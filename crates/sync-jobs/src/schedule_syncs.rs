//! Accounts are read by themselves, once in an interval.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{CompanyId, Origin, Provider, StoreError, UserId};

use crate::model::{SyncRequest, SyncWish, Trigger};
use crate::ports::{ActiveMembers, DueAccounts};
use crate::start_sync::{StartSync, StartSyncError};

/// Has accounts read that were not read for long. Several may do so at once: a connection has one job of a kind.
pub struct ScheduleSyncs {
    company_id: CompanyId,
    due: Arc<dyn DueAccounts>,
    members: Arc<dyn ActiveMembers>,
    start_sync: Arc<StartSync>,
    interval: Duration,
}

/// Accounts that one look begins with at most; what is left is there at the next one.
const MOST: u16 = 100;

impl ScheduleSyncs {
    /// Has the accounts of `company_id`, the company of this deployment, read once in `interval`.
    #[must_use]
    pub const fn new(
        company_id: CompanyId,
        due: Arc<dyn DueAccounts>,
        members: Arc<dyn ActiveMembers>,
        start_sync: Arc<StartSync>,
        interval: Duration,
    ) -> Self {
        Self { company_id, due, members, start_sync, interval }
    }

    /// Starts what is due, and answers how many syncs that were. While nobody can say who is a member, nothing is started.
    pub async fn tick(&self) -> Result<u64, StoreError> {
        let due = self.due.list_due(self.company_id, self.interval, MOST).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let mut people: Vec<UserId> = due.iter().map(|(user_id, _)| *user_id).collect();
        people.sort_unstable();
        people.dedup();
        let active = self.members.list_active_among(self.company_id, &people).await?;
        let mut started = 0;
        for (user_id, provider) in due.into_iter().filter(|(user_id, _)| active.contains(user_id)) {
            match self.start_sync.start(self.request(user_id, provider)).await {
                Ok(_) => started += 1,
                Err(StartSyncError::Store(error)) => return Err(error),
                // It changed since it was found to be due.
                Err(
                    StartSyncError::NotConnected
                    | StartSyncError::NeedsReauthorization
                    | StartSyncError::Locked
                    | StartSyncError::NotBegun,
                ) => {}
            }
        }
        Ok(started)
    }

    fn request(&self, user_id: UserId, provider: Provider) -> SyncRequest {
        SyncRequest {
            company_id: self.company_id,
            user_id,
            provider,
            wish: SyncWish::Incremental,
            trigger: Trigger::Schedule,
            triggered_by: None,
            retry_of: None,
            origin: Origin::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use cortex_kernel::RandomIds;
    use tokio::sync::Notify;

    use super::*;
    use crate::model::StartRefusal;
    use crate::ports::{MockActiveMembers, MockDueAccounts, MockSyncStarter, StartOutcome};
    use crate::testing::{COMPANY_A, USER_1, USER_2, a_job};

    const HOUR: Duration = Duration::from_hours(1);

    type Asked = Arc<Mutex<Vec<(UserId, Provider, SyncWish, Trigger)>>>;

    fn schedule(due: &'static [(UserId, Provider)], active: &'static [UserId]) -> (ScheduleSyncs, Asked) {
        let mut accounts = MockDueAccounts::new();
        accounts
            .expect_list_due()
            .withf(|company_id, interval, most| (*company_id, *interval, *most) == (COMPANY_A, HOUR, MOST))
            .returning(|_, _, _| Ok(due.to_vec()));
        let mut members = MockActiveMembers::new();
        members.expect_list_active_among().returning(|_, _| Ok(active.to_vec()));
        let asked = Asked::default();
        let log = Arc::clone(&asked);
        let mut starter = MockSyncStarter::new();
        starter.expect_start().returning(move |start| {
            let SyncRequest { user_id, provider, wish, trigger, .. } = start.request;
            log.lock().unwrap().push((user_id, provider, wish, trigger));
            Ok(match provider {
                Provider::Outlook => StartOutcome::Refused(StartRefusal::NotConnected),
                _ => StartOutcome::Started(a_job()),
            })
        });
        let start_sync = StartSync::new(Arc::new(starter), Arc::new(RandomIds), Arc::new(Notify::new()), 5);
        let schedule = ScheduleSyncs::new(COMPANY_A, Arc::new(accounts), Arc::new(members), Arc::new(start_sync), HOUR);
        (schedule, asked)
    }

    #[tokio::test]
    async fn what_is_due_is_read_for_what_changed() {
        let (schedule, asked) = schedule(
            &[(USER_1, Provider::Gmail), (USER_1, Provider::Outlook), (USER_2, Provider::Gmail)],
            &[USER_1, USER_2],
        );

        assert_eq!(schedule.tick().await.unwrap(), 2, "one was disconnected meanwhile");

        let expected = [(USER_1, Provider::Gmail), (USER_1, Provider::Outlook), (USER_2, Provider::Gmail)];
        let expected = expected.map(|(user, provider)| (user, provider, SyncWish::Incremental, Trigger::Schedule));
        assert_eq!(asked.lock().unwrap().as_slice(), expected);
    }

    #[tokio::test]
    async fn for_who_left_nothing_is_read() {
        let (schedule, asked) = schedule(&[(USER_1, Provider::Gmail), (USER_2, Provider::Gmail)], &[USER_2]);

        assert_eq!(schedule.tick().await.unwrap(), 1);

        assert_eq!(asked.lock().unwrap().len(), 1);
    }
}
