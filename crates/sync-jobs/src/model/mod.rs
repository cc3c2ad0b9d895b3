//! The words of this domain. They know no wire format and no row.

mod company;
mod directory;
mod failure;
mod job;
mod period;
mod progress;
mod start;
mod status;
mod subject;
mod worker;

pub use company::{Asker, CompanyJobRequest, CompanyJobStart};
pub use directory::{Cancellation, JobFilter, JobSlice, KeptOverride, LastSync, NewOverride, Slice};
pub use failure::{Disposition, Ending, Failure, JobFailure};
pub use job::{ClaimedJob, Job, JobKind, NOBODY, NewJob, Trigger, UnknownJobKind, UnknownTrigger};
pub use period::{Cadence, InvalidPeriod, Period};
pub use progress::Progress;
pub use start::{Access, Override, StartDecision, StartRefusal, SyncRequest, SyncStart, SyncState, SyncWish};
pub use status::{JobEvent, JobStatus, UnknownJobStatus};
pub use subject::{Account, JobSubject};
pub use worker::{KnownWorker, RunningJob, WorkerSign};
