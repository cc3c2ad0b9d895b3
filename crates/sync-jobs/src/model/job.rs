//! A job.

use std::str::FromStr;

use cortex_kernel::{CompanyId, ConnectionId, JobId, Lease, Provider, UserId};
use thiserror::Error;
use time::OffsetDateTime;

use super::{Failure, JobStatus, Progress};

/// The work of reading one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Whose database it works on.
    pub company_id: CompanyId,
    /// Whose account is read.
    pub user_id: UserId,
    /// By which connection.
    pub connection_id: ConnectionId,
    /// Of which provider.
    pub provider: Provider,
    /// How much is read.
    pub kind: JobKind,
    /// Where it stands.
    pub status: JobStatus,
    /// What made it.
    pub trigger: Trigger,
    /// Who made it, in the trigger's words: a user's id, an admin session's id; none where nobody did.
    pub triggered_by: Option<String>,
    /// How many runs began since the last one that got on; a snooze is none.
    pub attempt: u32,
    /// How many of those there may be.
    pub max_attempts: u32,
    /// What its committed pages add up to.
    pub progress: Progress,
    /// The last failure, also of a job that will be tried again.
    pub failure: Option<Failure>,
    /// Not to be run before.
    pub run_after: OffsetDateTime,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When a committed page last got on.
    pub progressed_at: Option<OffsetDateTime>,
    /// When its first run began.
    pub started_at: Option<OffsetDateTime>,
    /// When it came to its end, whichever.
    pub completed_at: Option<OffsetDateTime>,
}

/// A job to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// The id it gets, unless there is such a job already.
    pub id: JobId,
    /// Whose database it works on.
    pub company_id: CompanyId,
    /// Whose account is read.
    pub user_id: UserId,
    /// By which connection.
    pub connection_id: ConnectionId,
    /// Of which provider.
    pub provider: Provider,
    /// How much is read.
    pub kind: JobKind,
    /// What makes it.
    pub trigger: Trigger,
    /// Who makes it; see [`Job::triggered_by`].
    pub triggered_by: Option<String>,
    /// How many runs may begin without getting on; at least one.
    pub max_attempts: u32,
}

/// A job that a worker took, with the right to write for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedJob {
    /// The job, running.
    pub job: Job,
    /// What every write of this run carries.
    pub lease: Lease,
}

/// How much a job reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// Everything that is not too old, from the first record on.
    Initial,
    /// What changed since the stored cursor.
    Incremental,
    /// What lacked of records when they were read.
    Content,
}

/// What made a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// A person, for himself.
    User,
    /// An admin, for somebody.
    Admin,
    /// The broker told us of something new.
    Webhook,
    /// It was time.
    Schedule,
    /// A connection was renewed.
    Reconnect,
}

/// The text names no kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown kind of job: expected initial, incremental or content")]
pub struct UnknownJobKind;

/// The text names no trigger of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown trigger of a job: expected user, admin, webhook, schedule or reconnect")]
pub struct UnknownTrigger;

impl JobKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Initial, Self::Incremental, Self::Content];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Incremental => "incremental",
            Self::Content => "content",
        }
    }
}

impl FromStr for JobKind {
    type Err = UnknownJobKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownJobKind)
    }
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::User, Self::Admin, Self::Webhook, Self::Schedule, Self::Reconnect];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Webhook => "webhook",
            Self::Schedule => "schedule",
            Self::Reconnect => "reconnect",
        }
    }
}

impl FromStr for Trigger {
    type Err = UnknownTrigger;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|trigger| trigger.name() == text).ok_or(UnknownTrigger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_every_trigger_is_known_by_its_name() {
        for kind in JobKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        for trigger in Trigger::ALL {
            assert_eq!(trigger.name().parse(), Ok(trigger));
        }
    }
}
