//! Jobs as those see them who look after a company, and what those say.

use cortex_kernel::{AdminSessionId, CompanyId, JobId, Origin, Provider, UserId};
use time::OffsetDateTime;

use super::{Asker, Job, JobStatus, Override};

/// Which jobs are wanted. What is none narrows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Whose.
    pub user_id: Option<UserId>,
    /// Of accounts of which provider.
    pub provider: Option<Provider>,
    /// In which status.
    pub status: Option<JobStatus>,
}

/// Somebody calls a job off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// Of which company.
    pub company_id: CompanyId,
    /// Which job.
    pub id: JobId,
    /// Who does.
    pub by: Asker,
    /// The request, for the audit row.
    pub origin: Origin,
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    limit: u16,
    offset: u32,
}

/// A part of a list of jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSlice {
    /// The part.
    pub jobs: Vec<Job>,
    /// How many there are in all.
    pub count: u64,
}

/// The latest job of a person's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastSync {
    /// Whose account.
    pub user_id: UserId,
    /// Of which provider.
    pub provider: Provider,
    /// Where that job stands.
    pub status: JobStatus,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When one of that account was last completed.
    pub last_completed_at: Option<OffsetDateTime>,
}

/// What an admin says about further initial syncs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOverride {
    /// Of which company.
    pub company_id: CompanyId,
    /// About whom; none is about everybody.
    pub user_id: Option<UserId>,
    /// About which provider; none is about every one.
    pub provider: Option<Provider>,
    /// What it says.
    pub says: Override,
    /// Why, in the admin's words.
    pub reason: String,
    /// Who says it.
    pub session_id: AdminSessionId,
    /// The request, for the audit row.
    pub origin: Origin,
}

/// The same, kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptOverride {
    /// Its number.
    pub id: i64,
    /// When it was said.
    pub created_at: OffsetDateTime,
}

impl JobFilter {
    /// Whether the job is wanted.
    #[must_use]
    pub fn lets_through(&self, job: &Job) -> bool {
        self.user_id.is_none_or(|user_id| user_id == job.user_id)
            && self.provider.is_none_or(|provider| job.subject.provider() == Some(provider))
            && self.status.is_none_or(|status| status == job.status)
    }
}

impl Slice {
    /// Items in a slice when the caller does not say.
    pub const DEFAULT_LIMIT: u16 = 50;
    /// Most items in a slice.
    pub const MAX_LIMIT: u16 = 200;
    /// How far into a list one may look: what comes before has to be read, too.
    pub const MAX_OFFSET: u32 = 100_000;

    /// Asks for `limit` items after the first `offset`. What is out of bounds is brought inside.
    #[must_use]
    pub fn new(limit: Option<u16>, offset: Option<u32>) -> Self {
        Self {
            limit: limit.unwrap_or(Self::DEFAULT_LIMIT).clamp(1, Self::MAX_LIMIT),
            offset: offset.unwrap_or(0).min(Self::MAX_OFFSET),
        }
    }

    /// How many items at most.
    #[must_use]
    pub const fn limit(self) -> u16 {
        self.limit
    }

    /// After how many.
    #[must_use]
    pub const fn offset(self) -> u32 {
        self.offset
    }
}
