//! `/api/v1/sync/jobs`: what became of having accounts read.

use actix_web::web::{Data, Json, Path};
use cortex_connections::ports::ConnectionStore;
use cortex_identity::model::Role;
use cortex_kernel::JobId;
use cortex_sync_jobs::model::{Failure, Job, JobStatus, Progress as Counted};
use cortex_sync_jobs::ports::JobQueue;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::ProblemBody;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// A job.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(super) struct JobItem {
    id: String,
    user_id: String,
    tenant_id: String,
    company_id: String,
    /// The provider's name, for clients that know it so.
    job_type: &'static str,
    provider: &'static str,
    kind: &'static str,
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

/// A job of the caller; admins see everybody's.
#[utoipa::path(
    get, path = "/api/v1/sync/jobs/{id}", tag = "sync", params(("id" = Uuid, Path)),
    responses((status = 200, body = JobItem), (status = 404, response = ProblemBody))
)]
pub(super) async fn job(
    Caller(caller): Caller,
    id: Path<Uuid>,
    jobs: Data<dyn JobQueue>,
    connections: Data<dyn ConnectionStore>,
) -> Result<Json<JobItem>, Problem> {
    let found = jobs.find_job(caller.company_id, JobId::new(*id)).await?;
    let visible = found.filter(|job| job.user_id == caller.user_id || caller.role >= Role::Admin);
    let job = visible.ok_or_else(|| Problem::new(ProblemKind::NotFound).detail("There is no such job."))?;
    let connection = connections.find_connection(job.company_id, job.user_id, job.provider).await?;
    let connection = connection.filter(|connection| connection.id == job.connection_id);
    Ok(Json(JobItem::of(job, connection.map(|connection| connection.broker_id.to_string()))))
}

impl JobItem {
    pub(super) fn of(job: Job, connection_id: Option<String>) -> Self {
        let progress = Progress::from(job.progress);
        let (error_code, error_message) = job.failure.map(|Failure { code, message }| (code, message)).unzip();
        Self {
            id: job.id.to_string(),
            user_id: job.user_id.to_string(),
            tenant_id: job.company_id.to_string(),
            company_id: job.company_id.to_string(),
            job_type: job.provider.name(),
            provider: job.provider.name(),
            kind: job.kind.name(),
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
