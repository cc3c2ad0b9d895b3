//! `/api/v1/sync/jobs`: what became of having accounts read.

use std::collections::{HashMap, HashSet};

use actix_web::web::{Data, Json, Path, Query};
use cortex_connections::ports::ConnectionDirectory;
use cortex_identity::model::{Role, UserContext};
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, JobId, PageRequest, UserId};
use cortex_sync_jobs::model::{
    Asker, Cancellation, Failure, Job, JobFilter, JobStatus, JobSubject, Progress as Counted, UnknownJobStatus,
};
use cortex_sync_jobs::{CancelJobError, RetryJob, RetryJobError};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::openapi::ProblemBody;
use super::provider;
use crate::SyncJobServices;
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// A job.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(super) struct JobItem {
    id: String,
    /// Whose account is read, or which member asked for it; else the nil UUID.
    user_id: String,
    tenant_id: String,
    company_id: String,
    /// The provider's name, for clients that know it so; of a job of the company its kind.
    job_type: &'static str,
    /// Of which provider the account is that is read; none of a job of the company.
    provider: Option<&'static str>,
    kind: &'static str,
    /// What a job of the company is about: a date, a moment or a word.
    period: Option<String>,
    status: &'static str,
    triggered_by: Option<String>,
    trigger: &'static str,
    /// The broker's id of the connection; none where there is none any more.
    connection_id: Option<String>,
    progress: Progress,
    attempt: u32,
    max_attempts: u32,
    error_code: Option<String>,
    error_message: Option<String>,
    /// What it came to, once it is done.
    result: Option<Progress>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    completed_at: Option<OffsetDateTime>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
struct Progress {
    pages: u64,
    seen: u64,
    added: u64,
    updated: u64,
    unchanged: u64,
    deleted: u64,
    held: u64,
    set_aside: u64,
}

/// Which jobs are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedOwnJobs {
    /// In which status: `queued`, `running`, `completed`, `failed` or `cancelled`.
    status: Option<String>,
    /// Of which provider, by any of its names.
    provider: Option<String>,
    /// Of whose accounts: only admins may ask for others' than their own, and see everybody's where they do not say.
    #[param(value_type = Option<String>, format = "uuid")]
    user_id: Option<Uuid>,
    /// At most so many; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// A part of a list of jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = Jobs)]
pub(super) struct JobItems {
    items: Vec<JobItem>,
    next_cursor: Option<String>,
}

/// The caller's jobs that read accounts, newest first; admins see everybody's.
#[utoipa::path(
    get, path = "/api/v1/sync/jobs", operation_id = "own_jobs", tag = "sync", params(WantedOwnJobs),
    responses((status = 200, body = JobItems))
)]
pub(super) async fn list(
    Caller(caller): Caller,
    Query(wanted): Query<WantedOwnJobs>,
    jobs: Data<SyncJobServices>,
) -> Result<Json<JobItems>, Problem> {
    let filter = JobFilter {
        user_id: whose(&caller, wanted.user_id)?,
        provider: wanted.provider.as_deref().map(provider::known).transpose()?,
        status: wanted.status.as_deref().map(status_of).transpose()?,
    };
    let page = PageRequest::new(wanted.limit, wanted.cursor);
    let after = page.cursor().map(str::parse::<Uuid>).transpose().map_err(|error| {
        Problem::new(ProblemKind::InvalidQuery).detail("The cursor is none of ours.").caused_by(error)
    })?;
    let limit = usize::from(page.limit());
    let after = after.map(JobId::new);
    let mut found = jobs.directory.list_after(caller.company_id, &filter, after, page.limit() + 1).await?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| !is_last).map(|last| last.id.to_string());
    let items = items_of(jobs.connections.as_ref(), caller.company_id, found).await?;
    Ok(Json(JobItems { items, next_cursor }))
}

/// A job of the caller; admins see everybody's.
#[utoipa::path(
    get, path = "/api/v1/sync/jobs/{id}", tag = "sync", params(("id" = Uuid, Path)),
    responses((status = 200, body = JobItem), (status = 404, response = ProblemBody))
)]
pub(super) async fn job(
    Caller(caller): Caller,
    id: Path<Uuid>,
    jobs: Data<SyncJobServices>,
) -> Result<Json<JobItem>, Problem> {
    Ok(Json(item_of(jobs.connections.as_ref(), visible(&caller, JobId::new(*id), &jobs).await?).await?))
}

/// Calls off a job of the caller; admins call off everybody's. What was read until then stays.
#[utoipa::path(
    post, path = "/api/v1/sync/jobs/{id}/cancel", tag = "sync", params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = JobItem),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody)
    )
)]
pub(super) async fn cancel(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    id: Path<Uuid>,
    jobs: Data<SyncJobServices>,
) -> Result<Json<JobItem>, Problem> {
    let by = Asker::Member(caller.user_id);
    let cancellation = Cancellation { company_id: caller.company_id, id: JobId::new(*id), by, origin };
    let cancelled = jobs.cancel.cancel(&cancellation, caller.role >= Role::Admin).await?;
    Ok(Json(item_of(jobs.connections.as_ref(), cancelled).await?))
}

/// Tries a job of the caller again that failed or was called off, as a new one; admins try everybody's.
#[utoipa::path(
    post, path = "/api/v1/sync/jobs/{id}/retry", operation_id = "retry_own", tag = "sync",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = JobItem),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody)
    )
)]
pub(super) async fn retry(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    id: Path<Uuid>,
    jobs: Data<SyncJobServices>,
) -> Result<Json<JobItem>, Problem> {
    let ended = RetryJob::ended(visible(&caller, JobId::new(*id), &jobs).await?)?;
    let reads_account = ended.subject.account().is_some();
    if reads_account && jobs.members.find_active(ended.company_id, ended.user_id).await?.is_none() {
        return Err(Problem::new(ProblemKind::NotFound).detail("Whose account it reads is no active member."));
    }
    let new = jobs.retry.retry(&ended, Asker::Member(caller.user_id), origin).await?;
    Ok(Json(item_of(jobs.connections.as_ref(), new).await?))
}

/// Of whose accounts a list is to tell: the caller's; where he is an admin, those of the person that he asks for, or
/// everybody's.
pub(super) fn whose(caller: &UserContext, asked: Option<Uuid>) -> Result<Option<UserId>, Problem> {
    let asked = asked.map(UserId::new);
    if caller.role >= Role::Admin {
        return Ok(asked);
    }
    if asked.is_some_and(|user_id| user_id != caller.user_id) {
        return Err(Problem::new(ProblemKind::RoleTooLow).detail("Others' syncs are for admins to see."));
    }
    Ok(Some(caller.user_id))
}

/// The job, if the caller may see it.
pub(super) async fn visible(caller: &UserContext, id: JobId, jobs: &SyncJobServices) -> Result<Job, Problem> {
    let may_see = |job: &Job| job.user_id == caller.user_id || caller.role >= Role::Admin;
    let found = jobs.queue.find_job(caller.company_id, id).await?;
    found.filter(may_see).ok_or_else(no_such_job)
}

fn no_such_job() -> Problem {
    Problem::new(ProblemKind::NotFound).detail("There is no such job.")
}

/// The status by its name.
pub(super) fn status_of(name: &str) -> Result<JobStatus, Problem> {
    name.parse().map_err(|error: UnknownJobStatus| {
        Problem::new(ProblemKind::InvalidQuery)
            .detail("There is no such status; there are queued, running, completed, failed and cancelled.")
            .caused_by(error)
    })
}

/// The job with the broker's id of its connection.
pub(super) async fn item_of(connections: &dyn ConnectionDirectory, job: Job) -> Result<JobItem, Problem> {
    let Some(connection_id) = job.subject.connection_id() else { return Ok(JobItem::of(job, None)) };
    let broker_ids = connections.broker_ids(job.company_id, &[connection_id]).await?;
    let broker_id = broker_ids.into_iter().map(|(_, broker_id)| broker_id.to_string()).next();
    Ok(JobItem::of(job, broker_id))
}

/// The broker's ids of these connections, asked for once. Those that are gone have none.
pub(super) async fn broker_ids(
    connections: &dyn ConnectionDirectory,
    company_id: CompanyId,
    ids: impl Iterator<Item = ConnectionId>,
) -> Result<HashMap<ConnectionId, BrokerConnectionId>, Problem> {
    let ids: HashSet<ConnectionId> = ids.collect();
    let ids: Vec<_> = ids.into_iter().collect();
    Ok(connections.broker_ids(company_id, &ids).await?.into_iter().collect())
}

/// Jobs with the broker's ids of their connections.
pub(super) async fn items_of(
    connections: &dyn ConnectionDirectory,
    company_id: CompanyId,
    jobs: Vec<Job>,
) -> Result<Vec<JobItem>, Problem> {
    let of_jobs = jobs.iter().filter_map(|job| job.subject.connection_id());
    let broker_ids = broker_ids(connections, company_id, of_jobs).await?;
    let item = |job: Job| {
        let broker_id = job.subject.connection_id().and_then(|id| broker_ids.get(&id)).map(ToString::to_string);
        JobItem::of(job, broker_id)
    };
    Ok(jobs.into_iter().map(item).collect())
}

impl JobItem {
    pub(super) const fn status(&self) -> &'static str {
        self.status
    }

    /// Whether nothing more will happen to it.
    pub(super) const fn is_final(&self) -> bool {
        self.completed_at.is_some()
    }

    /// The same job as it stands now; its connection is the same.
    pub(super) fn at(&self, job: Job) -> Self {
        Self::of(job, self.connection_id.clone())
    }

    fn of(job: Job, connection_id: Option<String>) -> Self {
        let progress = Progress::from(job.progress);
        let (error_code, error_message) = job.failure.map(|Failure { code, message }| (code, message)).unzip();
        let (provider, period) = match job.subject {
            JobSubject::Account(account) => (Some(account.provider.name()), None),
            JobSubject::Company(period) => (None, Some(period.to_string())),
        };
        Self {
            id: job.id.to_string(),
            user_id: job.user_id.to_string(),
            tenant_id: job.company_id.to_string(),
            company_id: job.company_id.to_string(),
            job_type: provider.unwrap_or(job.kind.name()),
            provider,
            kind: job.kind.name(),
            period,
            status: job.status.name(),
            triggered_by: job.triggered_by,
            trigger: job.trigger.name(),
            connection_id,
            progress,
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            error_code,
            error_message,
            result: (job.status == JobStatus::Completed).then_some(progress),
            created_at: job.created_at,
            started_at: job.started_at,
            completed_at: job.completed_at,
        }
    }
}

impl From<Counted> for Progress {
    fn from(counted: Counted) -> Self {
        let Counted { pages, seen, added, updated, unchanged, deleted, held, set_aside } = counted;
        Self { pages, seen, added, updated, unchanged, deleted, held, set_aside }
    }
}

impl From<CancelJobError> for Problem {
    fn from(error: CancelJobError) -> Self {
        match error {
            CancelJobError::NotFound => no_such_job(),
            CancelJobError::Ended(status) => {
                Self::new(ProblemKind::WrongState).detail(format!("The job is {status}: there is nothing to call off."))
            }
            CancelJobError::Store(error) => error.into(),
        }
    }
}

impl From<RetryJobError> for Problem {
    fn from(error: RetryJobError) -> Self {
        match error {
            RetryJobError::NotFound => no_such_job(),
            RetryJobError::NotEndedBadly(status) => Self::new(ProblemKind::WrongState)
                .detail(format!("The job is {status}: only one that failed or was cancelled can be tried again.")),
            RetryJobError::Start(error) => error.into(),
        }
    }
}
