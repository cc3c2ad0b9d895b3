//! Values that a test starts from and changes where it matters.

use std::time::Duration;

use cortex_kernel::{CompanyId, ConnectionId, JobId, Origin, Provider, UserId};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::uuid;

use crate::model::{
    Account, Asker, CompanyJobRequest, Job, JobKind, JobStatus, JobSubject, NewJob, Progress, SyncRequest, SyncWish,
    Trigger, WorkerSign,
};
use crate::ports::ClaimRequest;

/// The company of the deployment under test.
pub const COMPANY_A: CompanyId = CompanyId::new(uuid!("0a000000-0000-4000-8000-00000000000a"));
/// Some other company.
pub const COMPANY_B: CompanyId = CompanyId::new(uuid!("0b000000-0000-4000-8000-00000000000b"));
/// A person.
pub const USER_1: UserId = UserId::new(uuid!("01000000-0000-4000-8000-000000000001"));
/// A colleague.
pub const USER_2: UserId = UserId::new(uuid!("02000000-0000-4000-8000-000000000002"));
/// The moment at which tests take place.
pub const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);

/// An incremental sync of [`USER_1`]'s Gmail, asked for by himself.
#[must_use]
pub fn a_new_job() -> NewJob {
    NewJob {
        id: JobId::new(uuid!("0d000000-0000-4000-8000-000000000001")),
        company_id: COMPANY_A,
        user_id: USER_1,
        subject: an_account(ConnectionId::new(1)),
        kind: JobKind::Incremental,
        trigger: Trigger::User,
        triggered_by: Some(USER_1.to_string()),
        max_attempts: 3,
    }
}

/// A Gmail account that is read by this connection.
#[must_use]
pub const fn an_account(connection_id: ConnectionId) -> JobSubject {
    JobSubject::Account(Account { connection_id, provider: Provider::Gmail })
}

/// The summaries of a day, asked for by [`USER_1`].
#[must_use]
pub fn a_new_company_job() -> NewJob {
    NewJob { subject: JobSubject::Company(a_company_request().period), kind: JobKind::Summaries, ..a_new_job() }
}

/// [`USER_1`] wants the summaries of a day.
#[must_use]
pub fn a_company_request() -> CompanyJobRequest {
    CompanyJobRequest {
        company_id: COMPANY_A,
        kind: JobKind::Summaries,
        period: "2026-03-02".parse().expect("a short text"),
        by: Asker::Member(USER_1),
        retry_of: None,
        origin: Origin { request_id: Some("request-1".to_owned()), ..Origin::default() },
    }
}

/// The job of [`a_new_job`], just enqueued.
#[must_use]
pub fn a_job() -> Job {
    let NewJob { id, company_id, user_id, subject, kind, trigger, triggered_by, max_attempts } = a_new_job();
    Job {
        id,
        company_id,
        user_id,
        subject,
        kind,
        status: JobStatus::Queued,
        trigger,
        triggered_by,
        attempt: 0,
        max_attempts,
        progress: Progress::default(),
        failure: None,
        run_after: NOON,
        created_at: NOON,
        progressed_at: None,
        started_at: None,
        completed_at: None,
    }
}

/// Takes one job of [`COMPANY_A`], for an hour.
#[must_use]
pub fn a_claim() -> ClaimRequest {
    ClaimRequest {
        company_id: COMPANY_A,
        worker: "worker".to_owned(),
        most: 1,
        most_per_user: u16::MAX,
        lease_for: Duration::from_hours(1),
    }
}

/// A worker tells of itself.
#[must_use]
pub fn a_sign() -> WorkerSign {
    WorkerSign { name: "worker".to_owned(), version: "1.2.3".to_owned(), capacity: 4 }
}

/// [`USER_1`] wants the first sync of his Gmail.
#[must_use]
pub fn a_request() -> SyncRequest {
    SyncRequest {
        company_id: COMPANY_A,
        user_id: USER_1,
        provider: Provider::Gmail,
        wish: SyncWish::Initial,
        trigger: Trigger::User,
        triggered_by: Some(USER_1.to_string()),
        retry_of: None,
        origin: Origin { request_id: Some("request-1".to_owned()), ..Origin::default() },
    }
}
