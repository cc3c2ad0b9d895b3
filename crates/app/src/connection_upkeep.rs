//! What connections need beside requests, in `serve` as well as in `work`: webhooks are worked off, what nobody uses any
//! more is removed at Nango, Nango's connections are compared with ours, and what is old is forgotten. Any number of
//! processes may do so at once.

use std::time::Duration;

use cortex_connections::ports::BrokerError;
use cortex_connections::{CheckError, ForgetOld, Reconcile, RemoveAtBroker, Tick, WorkOffInbox};
use cortex_kernel::StoreError;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// The loops.
pub(crate) struct ConnectionUpkeep {
    pub(crate) inbox: WorkOffInbox,
    /// How long to wait between two looks at what may have come.
    pub(crate) poll_every: Duration,
    pub(crate) remove: RemoveAtBroker,
    pub(crate) reconcile: Reconcile,
    pub(crate) forget: ForgetOld,
}

/// How long a webhook may be worked on after the process was asked to stop. It is short of the moment at which
/// orchestrators commonly kill.
const GRACE: Duration = Duration::from_secs(15);

/// Webhooks that one process works off at once, while there are any: a provider that does not answer holds up no more
/// than one of them.
const AT_ONCE: usize = 4;

/// Most removals happen at once; this is for those that did not.
const REMOVE: Every = Every::always(Duration::from_secs(5));
/// How often it is asked whose turn it is. A failed comparison is made up for at the next turn.
const RECONCILE: Every = Every::always(Duration::from_mins(1));
/// How often a comparison waits for the next window, and how long at most: that is how long one lasts.
const MOST_WAITS: u32 = 3;
const LONGEST_WAIT: Duration = Duration::from_mins(1);
const FORGET: Every = Every { success: Duration::from_hours(1), failure: Duration::from_mins(5) };

impl ConnectionUpkeep {
    /// Runs until `stop` is cancelled and the webhooks that were begun have ended, or had time to.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { inbox, poll_every, remove, reconcile, forget } = self;
        let beside = async {
            tokio::join!(
                again_and_again("connections that are to go at Nango cannot be looked for", REMOVE, async || {
                    while remove.tick().await? == Tick::Worked {}
                    Ok::<(), StoreError>(())
                }),
                again_and_again("connections cannot be compared with Nango's", RECONCILE, || compare(&reconcile)),
                again_and_again("old webhooks cannot be forgotten", FORGET, async || {
                    let forgotten = forget.forget().await?;
                    if forgotten > 0 {
                        tracing::info!(forgotten, "old webhooks and connect sessions were forgotten");
                    }
                    Ok::<(), StoreError>(())
                }),
            )
        };
        tokio::join!(work_off(&inbox, poll_every, &stop), async {
            stop.run_until_cancelled(beside).await;
        });
    }
}

/// Compares, where it is this process's turn. Whoever is told to wait then waits and begins again: a window of Nango's limit is
/// least used when it begins, and the next turn comes only in a quarter of an hour.
async fn compare(reconcile: &Reconcile) -> Result<(), CheckError> {
    let mut compared = reconcile.tick().await.map(drop);
    for _ in 0..MOST_WAITS {
        let Err(CheckError::Broker(BrokerError::Throttled { retry_after })) = compared else { break };
        tokio::time::sleep(retry_after.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)).await;
        compared = reconcile.everything().await.map(drop);
    }
    compared
}

/// One webhook at a time while there is hardly any, and more of them beside each other where one was found: one that takes
/// long holds up no other.
async fn work_off(inbox: &WorkOffInbox, poll_every: Duration, stop: &CancellationToken) {
    let mut ticks = FuturesUnordered::new();
    let mut poll = tokio::time::interval(poll_every);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let more = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(tick) = ticks.next() => if worked(tick) { 2 } else { 0 },
            _ = poll.tick() => 1,
        };
        let room = AT_ONCE.saturating_sub(ticks.len());
        ticks.extend((0..room.min(more)).map(|_| inbox.tick()));
    }
    let begun = ticks.for_each(async |tick| {
        worked(tick);
    });
    if in_time(begun, stop, GRACE).await.is_none() {
        tracing::warn!("webhooks are left to be worked off later: they took too long to wait for");
    }
}

/// Whether there was something to do, and so may be more.
fn worked(tick: Result<Tick, StoreError>) -> bool {
    let tick = tick.inspect_err(|error| {
        tracing::warn!(error = error as &dyn std::error::Error, "the inbox cannot be read");
    });
    tick.is_ok_and(|tick| tick == Tick::Worked)
}

/// What comes of `work`, unless it goes on for longer than `grace` after `stop`: then it is dropped. What a webhook leads
/// to may be repeated, and its claim runs out by itself.
async fn in_time<T>(work: impl Future<Output = T>, stop: &CancellationToken, grace: Duration) -> Option<T> {
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        biased;
        done = work => Some(done),
        () = overdue => None,
    }
}

#[cfg(test)]
mod tests {
    use std::future;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn work_that_never_ends_is_dropped_some_time_after_the_stop() {
        let stop = CancellationToken::new();
        let stopper = async {
            yield_now().await;
            stop.cancel();
        };

        let (done, ()) = tokio::join!(in_time(future::pending::<()>(), &stop, Duration::ZERO), stopper);

        assert_eq!(done, None);
    }

    #[tokio::test]
    async fn work_that_ends_in_time_is_waited_for() {
        let stop = CancellationToken::new();
        stop.cancel();
        let work = async {
            yield_now().await;
            "done"
        };

        assert_eq!(in_time(work, &stop, GRACE).await, Some("done"));
    }

    #[tokio::test]
    async fn nothing_is_dropped_before_the_stop() {
        let work = async {
            yield_now().await;
            "done"
        };

        assert_eq!(in_time(work, &CancellationToken::new(), Duration::ZERO).await, Some("done"));
    }
}
