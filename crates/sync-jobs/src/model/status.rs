//! The life of a job.
//!
//! ```text
//!                    Claimed
//!   ┌────────┐ ─────────────────▶ ┌─────────┐  Completed   ┌───────────┐
//!   │ queued │                    │ running │ ───────────▶ │ completed │
//!   └────────┘ ◀───────────────── └─────────┘              └───────────┘
//!       │       Retried, Snoozed,    │     │    Failed      ┌────────┐
//!       │       Rescued, GivenBack   │     └──────────────▶ │ failed │
//!       │                            │                      └────────┘
//!       │         Cancelled          │     Cancelled        ┌───────────┐
//!       └────────────────────────────┴────────────────────▶ │ cancelled │
//!                                                           └───────────┘
//! ```
//!
//! Nothing leaves the three on the right: to try again is a new job.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// Waits to be run, now or later.
    Queued,
    /// A worker holds its lease, or held it and died.
    Running,
    /// Done.
    Completed,
    /// Given up.
    Failed,
    /// Called off.
    Cancelled,
}

/// What can happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobEvent {
    /// A worker took it.
    Claimed,
    /// A run came to its end.
    Completed,
    /// A run failed in a way that may pass.
    Retried,
    /// A run was asked to wait; that is no attempt.
    Snoozed,
    /// The lease ran out: the worker is gone.
    Rescued,
    /// The worker returned it unfinished, because it shuts down; that is no attempt.
    GivenBack,
    /// A run failed for good, or once too often.
    Failed,
    /// Somebody called it off.
    Cancelled,
}

/// The text names no status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown job status: expected queued, running, completed, failed or cancelled")]
pub struct UnknownJobStatus;

impl JobStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }

    /// Where `event` leads; none where it cannot happen.
    #[must_use]
    pub const fn after(self, event: JobEvent) -> Option<Self> {
        use JobEvent as Event;
        match (self, event) {
            (Self::Queued, Event::Claimed) => Some(Self::Running),
            (Self::Running, Event::Completed) => Some(Self::Completed),
            (Self::Running, Event::Retried | Event::Snoozed | Event::Rescued | Event::GivenBack) => Some(Self::Queued),
            (Self::Running, Event::Failed) => Some(Self::Failed),
            (Self::Queued | Self::Running, Event::Cancelled) => Some(Self::Cancelled),
            (
                Self::Queued,
                Event::Completed | Event::Retried | Event::Snoozed | Event::Rescued | Event::GivenBack | Event::Failed,
            )
            | (Self::Running, Event::Claimed)
            | (Self::Completed | Self::Failed | Self::Cancelled, _) => None,
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for JobStatus {
    type Err = UnknownJobStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(UnknownJobStatus)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const EVENTS: [JobEvent; 8] = [
        JobEvent::Claimed,
        JobEvent::Completed,
        JobEvent::Retried,
        JobEvent::Snoozed,
        JobEvent::Rescued,
        JobEvent::GivenBack,
        JobEvent::Failed,
        JobEvent::Cancelled,
    ];

    /// One line a status; the columns are [`EVENTS`] in their order.
    #[rstest]
    #[case(JobStatus::Queued, ["running", "", "", "", "", "", "", "cancelled"])]
    #[case(
        JobStatus::Running,
        ["", "completed", "queued", "queued", "queued", "queued", "failed", "cancelled"]
    )]
    #[case(JobStatus::Completed, [""; 8])]
    #[case(JobStatus::Failed, [""; 8])]
    #[case(JobStatus::Cancelled, [""; 8])]
    fn an_event_leads_from_one_status_to_another(#[case] from: JobStatus, #[case] to: [&str; 8]) {
        for (event, to) in EVENTS.into_iter().zip(to) {
            assert_eq!(from.after(event).map_or("", JobStatus::name), to, "{event:?}");
        }
    }

    #[test]
    fn what_is_final_is_left_by_no_event() {
        for status in JobStatus::ALL {
            assert_eq!(status.is_final(), EVENTS.iter().all(|event| status.after(*event).is_none()), "{status}");
        }
    }

    #[test]
    fn every_status_is_known_by_its_name() {
        for status in JobStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
    }
}
