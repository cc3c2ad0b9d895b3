//! When accounts are read, and when something is made of what they brought: the life of a job, and the queue that jobs wait
//! in.
//!
//! Here: who may have an account read ([`StartSync`]), the company's own jobs ([`StartCompanyJob`]), jobs and their life cycle, what an ended run means for its job
//! ([`ending`]), how long to wait before the next try, the queue, and the [`Worker`] that works it off. Ownership of a
//! running job is a lease that ends on the database's clock: whoever writes for a job carries it, and a worker that lost
//! it can change nothing.
//!
//! Not here: what a run reads and writes (`cortex-ingestion`; the composition root brings the two together), and whose
//! account it is (`cortex-connections`).
//!
//! # Adding a port
//!
//! State in `ports.rs` what must be true, a `# Contract` bullet each. Write a fake and one case per bullet, of the same
//! name, in `testing`; run the cases on the fake in `tests/it` and on Postgres in `cortex-postgres`. A port that no use
//! case calls does not belong here yet.

pub mod back_off;
pub mod call_off_departed;
pub mod cancel_job;
pub mod company_leave;
pub mod ending;
pub mod forget_company_jobs;
pub mod model;
pub mod ports;
pub mod pulse;
pub mod report_worker;
pub mod retry_job;
pub mod run_job;
pub mod schedule_company_jobs;
pub mod schedule_syncs;
pub mod start_company_job;
pub mod start_sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod worker;

pub use back_off::BackOff;
pub use call_off_departed::CallOffDeparted;
pub use cancel_job::{CancelJob, CancelJobError};
pub use company_leave::ByCompanyLeave;
pub use forget_company_jobs::ForgetCompanyJobs;
pub use pulse::Pulse;
pub use report_worker::ReportWorker;
pub use retry_job::{RetryJob, RetryJobError};
pub use run_job::RunJob;
pub use schedule_company_jobs::ScheduleCompanyJobs;
pub use schedule_syncs::ScheduleSyncs;
pub use start_company_job::StartCompanyJob;
pub use start_sync::{StartSync, StartSyncError, StartedSync};
pub use worker::Worker;
