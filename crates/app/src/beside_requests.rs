//! What the API needs to go on beside its requests: fresh keys, a true memory of who belongs here, that visits are noted,
//! and that accounts say where their owners belong.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use cortex_identity::ports::{MembershipChanges, MembershipWatch};
use cortex_identity::{KeepBindings, RememberedMemberships, Visits};
use cortex_kernel::{CompanyId, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::bindings::keep_bound;
use crate::signing_keys::{self, SigningKeys};

/// The loops of a process that answers requests.
pub struct BesideRequests {
    pub(crate) company_id: CompanyId,
    pub(crate) signing_keys: Arc<dyn SigningKeys>,
    pub(crate) memberships: Arc<RememberedMemberships>,
    /// None where nobody can listen: there every request asks, since what another replica changed counts for it too.
    pub(crate) membership_watch: Option<Arc<dyn MembershipWatch>>,
    pub(crate) visits: Arc<Visits>,
    /// None where there is no key to people's accounts.
    pub(crate) bindings: Option<Arc<KeepBindings>>,
    /// Told of every change of memberships that is heard: somebody may have left.
    pub(crate) left: Arc<Notify>,
}

/// How soon listening is tried again. Meanwhile nothing is remembered.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

/// How long a process that is asked to stop may go on noting.
const LAST_FLUSH: Duration = Duration::from_secs(2);

/// How often visits are handed over.
const FLUSH: Duration = Duration::from_secs(1);

impl BesideRequests {
    /// Runs until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        let Self { company_id, signing_keys, memberships, membership_watch, visits, bindings, left } = self;
        let binding = async {
            if let Some(bindings) = bindings {
                keep_bound(&bindings, stop.child_token()).await;
            }
        };
        tokio::join!(
            signing_keys::keep_fresh(signing_keys, stop.clone()),
            keep_true(company_id, &memberships, &left, membership_watch.as_deref(), LISTEN_AGAIN, stop.clone()),
            hand_over(&visits, stop.clone()),
            binding,
        );
    }
}

/// Lets memberships be remembered only while every change of them is heard. Where it cannot be, listening is tried again
/// after a `pause`.
async fn keep_true(
    company_id: CompanyId,
    memberships: &RememberedMemberships,
    left: &Notify,
    watch: Option<&dyn MembershipWatch>,
    pause: Duration,
    stop: CancellationToken,
) {
    let Some(watch) = watch else { return };
    let listening = async {
        let mut was_told = false;
        loop {
            let error = match watch.listen(company_id).await {
                Ok(mut changes) => {
                    was_told = false;
                    memberships.trust();
                    hear(memberships, left, &mut *changes).await
                }
                Err(error) => error,
            };
            memberships.distrust();
            if !was_told {
                let error = &error as &dyn StdError;
                tracing::warn!(error, "changes of memberships cannot be heard; every request asks for them");
                was_told = true;
            }
            tokio::time::sleep(pause).await;
        }
    };
    stop.run_until_cancelled(listening).await;
}

async fn hear(memberships: &RememberedMemberships, left: &Notify, changes: &mut dyn MembershipChanges) -> StoreError {
    loop {
        match changes.next().await {
            Ok(()) => {
                memberships.forget();
                left.notify_one();
            }
            Err(error) => return error,
        }
    }
}

async fn hand_over(visits: &Visits, stop: CancellationToken) {
    let flush = async || {
        if let Err(error) = visits.flush().await {
            tracing::debug!(error = &error as &dyn StdError, "visits wait to be noted");
        }
    };
    stop.run_until_cancelled(async {
        loop {
            tokio::time::sleep(FLUSH).await;
            flush().await;
        }
    })
    .await;
    // The last ones, if the database takes them at once: nobody waits for a process that was asked to stop.
    if tokio::time::timeout(LAST_FLUSH, flush()).await.is_err() {
        tracing::debug!("the last visits are not noted");
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use cortex_identity::ports::{MembershipStore, MockMembershipStore};
    use cortex_identity::testing::{COMPANY_A, NOON, USER_1, a_membership};
    use tokio::sync::Mutex;
    use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
    use tokio::task::yield_now;

    use super::*;

    /// What is heard, as the test tells it.
    struct Told(UnboundedReceiver<Result<(), StoreError>>);

    #[async_trait]
    impl MembershipChanges for Told {
        async fn next(&mut self) -> Result<(), StoreError> {
            self.0.recv().await.unwrap_or_else(|| Err(StoreError::Unavailable("the test is over".into())))
        }
    }

    /// Somebody to listen to, as often as the test lets it be.
    struct Watch(Mutex<Receiver<Told>>);

    #[async_trait]
    impl MembershipWatch for Watch {
        async fn listen(&self, _: CompanyId) -> Result<Box<dyn MembershipChanges>, StoreError> {
            let told = self.0.lock().await.recv().await;
            Ok(Box::new(told.expect("the test goes on")))
        }
    }

    fn watch() -> (Watch, Sender<Told>) {
        let (let_listen, listeners) = channel(1);
        (Watch(Mutex::new(listeners)), let_listen)
    }

    /// Lets it listen, and goes on when it does. Answers the other end.
    async fn listened(let_listen: &Sender<Told>) -> UnboundedSender<Result<(), StoreError>> {
        let (tell, told) = unbounded_channel();
        let_listen.send(Told(told)).await.expect("somebody wants to listen");
        // There is room again when it was taken.
        let_listen.reserve().await.expect("somebody listens");
        settle().await;
        tell
    }

    /// Memberships that may be asked for so often, and no more.
    fn asked_so_often(times: usize) -> RememberedMemberships {
        let mut store = MockMembershipStore::new();
        store.expect_find_membership().times(times).returning(|_, _| Ok(Some(a_membership())));
        RememberedMemberships::new(Arc::new(store), Arc::new(|| NOON))
    }

    async fn ask(memberships: &RememberedMemberships) {
        assert!(memberships.find_membership(COMPANY_A, USER_1).await.unwrap().is_some());
    }

    /// Lets the loop come to where it waits.
    async fn settle() {
        for _ in 0..10 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn where_nobody_can_listen_every_request_asks() {
        let memberships = asked_so_often(2);

        keep_true(COMPANY_A, &memberships, &Notify::new(), None, Duration::ZERO, CancellationToken::new()).await;

        ask(&memberships).await;
        ask(&memberships).await;
    }

    #[tokio::test]
    async fn a_change_that_is_heard_counts_at_once() {
        let left = Notify::new();
        let memberships = asked_so_often(2);
        let (watch, let_listen) = watch();
        let stop = CancellationToken::new();
        let test = async {
            let tell = listened(&let_listen).await;
            ask(&memberships).await;
            ask(&memberships).await;

            tell.send(Ok(())).unwrap();
            settle().await;
            ask(&memberships).await;
            stop.cancel();
        };

        tokio::join!(keep_true(COMPANY_A, &memberships, &left, Some(&watch), Duration::ZERO, stop.clone()), test);

        tokio::time::timeout(Duration::ZERO, left.notified()).await.expect("whoever looks for departures is told");
    }

    #[tokio::test]
    async fn nothing_is_remembered_until_somebody_listens_again() {
        let left = Notify::new();
        let memberships = asked_so_often(4);
        let (watch, let_listen) = watch();
        let stop = CancellationToken::new();
        let test = async {
            ask(&memberships).await;
            let tell = listened(&let_listen).await;
            ask(&memberships).await;

            tell.send(Err(StoreError::Unavailable("gone".into()))).unwrap();
            settle().await;
            ask(&memberships).await;

            let _tell = listened(&let_listen).await;
            ask(&memberships).await;
            ask(&memberships).await;
            stop.cancel();
        };

        tokio::join!(test, keep_true(COMPANY_A, &memberships, &left, Some(&watch), Duration::ZERO, stop.clone()));
    }
}
