//! Workers, as they tell of themselves.

use std::time::Duration;

use cortex_kernel::{JobId, Provider, UserId};
use time::OffsetDateTime;

use super::JobKind;

/// What a worker says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSign {
    /// Its name, as it stands in the leases of its jobs. A process that begins anew has another one.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// How many jobs it runs at a time.
    pub capacity: u16,
}

/// A worker that gave a sign not long ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownWorker {
    /// What it said.
    pub sign: WorkerSign,
    /// When it gave its first sign.
    pub started_at: OffsetDateTime,
    /// When it last looked at the queue.
    pub last_tick_at: OffsetDateTime,
    /// How long ago that was, by the clock that tells both.
    pub silent_for: Duration,
    /// What it runs, under leases that are alive.
    pub running: Vec<RunningJob>,
}

/// A job that a worker runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningJob {
    /// Its id.
    pub id: JobId,
    /// Whose account is read, or who asked for it.
    pub user_id: UserId,
    /// Of which provider the account is; none of a job of the company.
    pub provider: Option<Provider>,
    /// What is done.
    pub kind: JobKind,
}
