//! Calling off what waits and runs.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError, UserId};

use crate::model::{Cancellation, Failure, Job};

/// The jobs that wait and run, by whose they are.
///
/// # Contract
///
/// - People whose jobs wait or run are told, each once.
/// - What waits or runs for a person is called off at once, and a colleague's goes on.
/// - A run that is called off can write nothing any more.
/// - A job that is called off before its first page unlocks.
/// - One job is called off by itself, once, with an audit row.
/// - A job of the company is called off with who asked for it, or by itself.
/// - Nobody is none of the people.
/// - Another company's jobs are not told of and not called off.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait LiveJobs: Send + Sync {
    /// Whose jobs wait or run.
    async fn list_people(&self, company_id: CompanyId) -> Result<Vec<UserId>, StoreError>;

    /// Calls off all that waits or runs for these people, and answers how many that were. Each keeps why.
    async fn call_off(&self, company_id: CompanyId, people: &[UserId], why: &Failure) -> Result<u64, StoreError>;

    /// Calls off one job, together with an audit row. None where it neither waits nor runs.
    async fn call_off_job(&self, cancellation: &Cancellation) -> Result<Option<Job>, StoreError>;
}

/// Knows who may have accounts read.
///
/// # Contract
///
/// - Of several people the active members are told.
/// - Members of another company are none.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ActiveMembers: Send + Sync {
    /// Those of these people who are active members now.
    async fn list_active_among(&self, company_id: CompanyId, people: &[UserId]) -> Result<Vec<UserId>, StoreError>;
}
