//! A job: the work that is done once, by whichever worker takes it.

use std::str::FromStr;

use cortex_kernel::{CompanyId, JobId, Lease, UserId};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Failure, JobStatus, JobSubject, Progress};

/// Whose job it is that no member asked for. In claims it counts as a person of its own.
pub const NOBODY: UserId = UserId::new(Uuid::nil());

/// The work of reading one connection, or of making something of what the company knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Whose database it works on.
    pub company_id: CompanyId,
    /// Whose account is read, or which member asked for it; else [`NOBODY`].
    pub user_id: UserId,
    /// What it works on.
    pub subject: JobSubject,
    /// What is done.
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
    /// Whose account is read, or which member asked for it; else [`NOBODY`].
    pub user_id: UserId,
    /// What it works on.
    pub subject: JobSubject,
    /// What is done.
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

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// Reads everything of an account that is not too old, from the first record on.
    Initial,
    /// Reads what changed in an account since the stored cursor.
    Incremental,
    /// Asks for what lacked of an account's records when they were read.
    Content,
    /// Sums up what the company knows.
    Summaries,
    /// Looks whether a rule about what the company knows finds something.
    AlertRules,
    /// Writes the reports of a day.
    DailyReports,
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
#[error("unknown kind of job: expected initial, incremental, content, summaries, alert_rules or daily_reports")]
pub struct UnknownJobKind;

/// The text names no trigger of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown trigger of a job: expected user, admin, webhook, schedule or reconnect")]
pub struct UnknownTrigger;

impl JobKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Initial, Self::Incremental, Self::Content, Self::Summaries, Self::AlertRules, Self::DailyReports];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Incremental => "incremental",
            Self::Content => "content",
            Self::Summaries => "summaries",
            Self::AlertRules => "alert_rules",
            Self::DailyReports => "daily_reports",
        }
    }

    /// Whether its jobs are the company's: they read no account.
    #[must_use]
    pub const fn is_of_company(self) -> bool {
        match self {
            Self::Initial | Self::Incremental | Self::Content => false,
            Self::Summaries | Self::AlertRules | Self::DailyReports => true,
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
