//! How exports run: until they are through, the process stops, or whoever asked may no longer have them.

use std::sync::Arc;
use std::time::Duration;

use cortex_ingestion::ports::DocumentExport;
use cortex_sync_jobs::ports::CancellationToken;

/// What exports go on by.
pub struct Exports {
    pub(crate) documents: Arc<dyn DocumentExport>,
    pub(crate) stop: CancellationToken,
    /// How long whoever was let in may read before it is asked again whether he may.
    pub(crate) admit_every: Duration,
}

/// As soon as it is forgotten who was a member, it is asked again.
const ADMIT_EVERY: Duration = Duration::from_secs(5);

impl Exports {
    /// Exports of `documents` that end once `stop` is cancelled.
    #[must_use]
    pub fn new(documents: Arc<dyn DocumentExport>, stop: CancellationToken) -> Self {
        Self { documents, stop, admit_every: ADMIT_EVERY }
    }

    /// The same for tests, which do not wait: they ask all the time.
    #[cfg(test)]
    pub(crate) fn restless(documents: Arc<dyn DocumentExport>, stop: CancellationToken) -> Self {
        Self { admit_every: Duration::ZERO, ..Self::new(documents, stop) }
    }
}
