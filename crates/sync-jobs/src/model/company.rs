//! Jobs of the company, as they are asked for.

use cortex_kernel::{AdminSessionId, CompanyId, JobId, Origin, UserId};

use super::{JobKind, JobSubject, NOBODY, NewJob, Period, Trigger};

/// In whose name something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// An admin's of the panel, who is nobody's member.
    Admin(AdminSessionId),
    /// A member's.
    Member(UserId),
}

/// Somebody wants a job of the company to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyJobRequest {
    /// Of which company.
    pub company_id: CompanyId,
    /// What is to be done: a kind of the company's.
    pub kind: JobKind,
    /// For which period.
    pub period: Period,
    /// Who wants it.
    pub by: Asker,
    /// The job that it is to try again, which ended badly.
    pub retry_of: Option<JobId>,
    /// Where the request came from, for the audit row.
    pub origin: Origin,
}

/// A request, and what the job that it comes to would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyJobStart {
    /// What is wanted.
    pub request: CompanyJobRequest,
    /// The id of the job, if one is made.
    pub id: JobId,
    /// How many runs may begin without getting on; at least one.
    pub max_attempts: u32,
}

impl Asker {
    /// The member, if one asks.
    #[must_use]
    pub const fn member(self) -> Option<UserId> {
        match self {
            Self::Admin(_) => None,
            Self::Member(user_id) => Some(user_id),
        }
    }

    /// The session of the admin, if one asks.
    #[must_use]
    pub const fn session(self) -> Option<AdminSessionId> {
        match self {
            Self::Admin(session_id) => Some(session_id),
            Self::Member(_) => None,
        }
    }
}

impl CompanyJobStart {
    /// The job that it comes to.
    #[must_use]
    pub fn job(&self) -> NewJob {
        let CompanyJobRequest { company_id, kind, period, by, .. } = &self.request;
        let (user_id, trigger, triggered_by) = match by {
            Asker::Admin(session_id) => (NOBODY, Trigger::Admin, session_id.to_string()),
            Asker::Member(user_id) => (*user_id, Trigger::User, user_id.to_string()),
        };
        NewJob {
            id: self.id,
            company_id: *company_id,
            user_id,
            subject: JobSubject::Company(period.clone()),
            kind: *kind,
            trigger,
            triggered_by: Some(triggered_by),
            max_attempts: self.max_attempts,
        }
    }
}
