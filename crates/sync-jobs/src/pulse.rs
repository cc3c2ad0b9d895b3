//! Whether a worker is at work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Tells when a worker last looked at its queue. Clones tell of the same worker.
///
/// It says that the loop turns, not that the queue could be read: a database that is away shows elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<Mutex<Option<Instant>>>);

/// A worker that did not look at its queue for so long is stuck: it is far above any poll.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(30);

impl Pulse {
    /// When the worker last ticked; none where it never did.
    #[must_use]
    pub fn last_tick(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it ticked no longer ago than `within`.
    #[must_use]
    pub fn beats(&self, within: Duration) -> bool {
        self.last_tick().is_some_and(|tick| tick.elapsed() <= within)
    }

    pub(crate) fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}
