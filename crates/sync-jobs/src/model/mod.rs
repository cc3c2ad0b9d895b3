//! The words of this domain. They know no wire format and no row.

mod directory;
mod failure;
mod job;
mod progress;
mod start;
mod status;
mod worker;

pub use directory::{Cancellation, JobFilter, JobSlice, KeptOverride, LastSync, NewOverride, Slice};
pub use failure::{Disposition, Ending, Failure, JobFailure};
pub use job::{ClaimedJob, Job, JobKind, NewJob, Trigger, UnknownJobKind, UnknownTrigger};
pub use progress::Progress;
pub use start::{Access, Override, StartDecision, StartRefusal, SyncRequest, SyncStart, SyncState, SyncWish};
pub use status::{JobEvent, JobStatus, UnknownJobStatus};
pub use worker::{KnownWorker, RunningJob, WorkerSign};
