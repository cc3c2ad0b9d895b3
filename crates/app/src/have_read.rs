//! A connection that was made, or of which something new is there, has its account read: where the words of `connections`
//! become those of `sync-jobs`.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_connections::model::Connection;
use cortex_connections::ports::{AccountReading, ReadCause, ReadOutcome};
use cortex_kernel::{Origin, StoreError};
use cortex_sync_jobs::model::{SyncRequest, SyncWish, Trigger};
use cortex_sync_jobs::{StartSync, StartSyncError};

/// Starts the syncs that follow from what happens to connections.
pub(crate) struct HaveRead {
    start_sync: Arc<StartSync>,
    /// Whether a connection that nobody had read yet is read by itself.
    on_connect: bool,
}

impl HaveRead {
    pub(crate) const fn new(start_sync: Arc<StartSync>, on_connect: bool) -> Self {
        Self { start_sync, on_connect }
    }

    async fn start(
        &self,
        connection: &Connection,
        wish: SyncWish,
        trigger: Trigger,
        origin: &Origin,
    ) -> Result<ReadOutcome, StoreError> {
        let request = SyncRequest {
            company_id: connection.owner.company_id,
            user_id: connection.owner.user_id,
            provider: connection.provider,
            wish,
            trigger,
            triggered_by: None,
            retry_of: None,
            origin: origin.clone(),
        };
        match self.start_sync.start(request).await {
            Ok(_) => Ok(ReadOutcome::Wanted),
            Err(StartSyncError::NotBegun) => Ok(ReadOutcome::NotBegun),
            Err(StartSyncError::NotConnected | StartSyncError::NeedsReauthorization | StartSyncError::Locked) => {
                Ok(ReadOutcome::NotReadable)
            }
            Err(StartSyncError::Store(error)) => Err(error),
        }
    }
}

#[async_trait]
impl AccountReading for HaveRead {
    /// What changed is read. Where nobody ever had the account read, that is begun only if the deployment wants it for
    /// every connection that is made.
    async fn have_read(
        &self,
        connection: &Connection,
        cause: ReadCause,
        origin: &Origin,
    ) -> Result<ReadOutcome, StoreError> {
        let changes = match cause {
            ReadCause::Connected => ReadOutcome::NotBegun,
            ReadCause::Reconnected => self.start(connection, SyncWish::Incremental, Trigger::Reconnect, origin).await?,
            ReadCause::Fetched => {
                return self.start(connection, SyncWish::Incremental, Trigger::Webhook, origin).await;
            }
        };
        if changes == ReadOutcome::NotBegun && self.on_connect {
            return self.start(connection, SyncWish::Initial, Trigger::Webhook, origin).await;
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use cortex_connections::testing::a_connection;
    use cortex_kernel::RandomIds;
    use cortex_sync_jobs::model::StartRefusal;
    use cortex_sync_jobs::ports::{MockSyncStarter, StartOutcome};
    use cortex_sync_jobs::testing::a_job;
    use rstest::rstest;
    use tokio::sync::Notify;

    use super::*;

    type Asked = Arc<Mutex<Vec<(SyncWish, Trigger)>>>;

    /// An account of which nobody, or somebody, ever had everything read.
    fn have_read(begun: bool, on_connect: bool) -> (HaveRead, Asked) {
        let asked = Asked::default();
        let mut starter = MockSyncStarter::new();
        let log = Arc::clone(&asked);
        starter.expect_start().returning(move |start| {
            log.lock().unwrap().push((start.request.wish, start.request.trigger));
            Ok(match start.request.wish {
                SyncWish::Incremental if !begun => StartOutcome::Refused(StartRefusal::NotBegun),
                _ => StartOutcome::Started(a_job()),
            })
        });
        let start_sync = StartSync::new(Arc::new(starter), Arc::new(RandomIds), Arc::new(Notify::new()), 5);
        (HaveRead::new(Arc::new(start_sync), on_connect), asked)
    }

    const CHANGES_BY_WEBHOOK: (SyncWish, Trigger) = (SyncWish::Incremental, Trigger::Webhook);
    const CHANGES_BY_RECONNECT: (SyncWish, Trigger) = (SyncWish::Incremental, Trigger::Reconnect);
    const EVERYTHING: (SyncWish, Trigger) = (SyncWish::Initial, Trigger::Webhook);

    #[rstest]
    #[case::fetched_and_begun(ReadCause::Fetched, true, false, ReadOutcome::Wanted, &[CHANGES_BY_WEBHOOK])]
    #[case::fetched(ReadCause::Fetched, false, false, ReadOutcome::NotBegun, &[CHANGES_BY_WEBHOOK])]
    #[case::fetched_where_all_are_read(ReadCause::Fetched, false, true, ReadOutcome::NotBegun, &[CHANGES_BY_WEBHOOK])]
    #[case::connected(ReadCause::Connected, false, false, ReadOutcome::NotBegun, &[])]
    #[case::connected_where_all_are_read(ReadCause::Connected, false, true, ReadOutcome::Wanted, &[EVERYTHING])]
    #[case::reconnected(ReadCause::Reconnected, true, true, ReadOutcome::Wanted, &[CHANGES_BY_RECONNECT])]
    #[case::reconnected_and_never_read(
        ReadCause::Reconnected,
        false,
        false,
        ReadOutcome::NotBegun,
        &[CHANGES_BY_RECONNECT]
    )]
    #[case::reconnected_where_all_are_read(
        ReadCause::Reconnected,
        false,
        true,
        ReadOutcome::Wanted,
        &[CHANGES_BY_RECONNECT, EVERYTHING]
    )]
    #[tokio::test]
    async fn nobody_but_a_person_or_the_setting_that_speaks_for_all_begins_an_initial_sync(
        #[case] cause: ReadCause,
        #[case] begun: bool,
        #[case] on_connect: bool,
        #[case] expected: ReadOutcome,
        #[case] asked: &[(SyncWish, Trigger)],
    ) {
        let (have_read, log) = have_read(begun, on_connect);

        let outcome = have_read.have_read(&a_connection(), cause, &Origin::default()).await.unwrap();

        assert_eq!((outcome, log.lock().unwrap().as_slice()), (expected, asked));
    }
}
