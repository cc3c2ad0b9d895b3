//! What became of a run, and what that means for its job.

use std::time::Duration;

/// What a run came to, in the words of whoever ran it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It read all there was.
    Completed,
    /// It was asked to stop, and did so between two pages.
    Interrupted,
    /// It found that the job is no longer its own: nothing may be written for it any more.
    LeaseLost,
    /// It could not go on.
    Failed(JobFailure),
}

/// Why a run could not go on, by what is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobFailure {
    /// It may pass by itself.
    Transient(Failure),
    /// Somebody asked us to wait, and perhaps for how long.
    Throttled {
        /// How long, where it was said.
        retry_after: Option<Duration>,
        /// What to show until then.
        failure: Failure,
    },
    /// The provider no longer accepts the credentials: only the connection's owner can help.
    Unauthorised(Failure),
    /// Trying again is no use.
    Permanent(Failure),
}

/// A failure as rows and answers tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A stable word in snake case, for programs.
    pub code: String,
    /// A sentence for people, without internals.
    pub message: String,
}

/// How a run ends for the job: what the queue is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The job is done.
    Completed,
    /// It is to be tried again.
    Retried {
        /// Why.
        failure: Failure,
        /// When, from now.
        after: Duration,
    },
    /// It is to go on later, and this was no attempt.
    Snoozed {
        /// Why.
        failure: Failure,
        /// When, from now.
        after: Duration,
    },
    /// It is given up.
    Failed(Failure),
}

impl Failure {
    /// The code of [`Failure::member_inactive`].
    pub const MEMBER_INACTIVE: &'static str = "member_inactive";

    /// A failure by its code and its sentence.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// What a store tells of a job that a member called off.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new("cancelled", "The job was called off.")
    }

    /// Why the job of somebody who left is called off.
    #[must_use]
    pub fn member_inactive() -> Self {
        Self::new(Self::MEMBER_INACTIVE, "The member whose job it is was deactivated.")
    }

    /// What a store tells of a job whose last attempt ended without a word.
    #[must_use]
    pub fn worker_lost() -> Self {
        Self::new("worker_lost", "The work was interrupted too often and was given up.")
    }
}
