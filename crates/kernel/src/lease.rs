//! The right to write for a job.

use crate::JobId;

/// Names one run of a job. Whoever writes for a job carries its lease; a store refuses one whose epoch is over.
///
/// The epoch is a fencing token: every claim of the job raises it, so a worker that was paused and wakes up late holds
/// an old one and can change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job that is run.
    pub job: JobId,
    /// How often the job had been claimed when this run began; from 1.
    pub epoch: i64,
}
