//! `/admin/workers/status`: who works the queue off.

use actix_web::web::{Data, Json};
use cortex_kernel::Provider;
use cortex_sync_jobs::model::{KnownWorker, RunningJob};
use cortex_sync_jobs::pulse::LONGEST_SILENCE;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::AdminServices;
use crate::admin_gate::Admin;
use crate::problem::Problem;

/// The workers of all processes.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkersStatus)]
pub(in crate::routes) struct Status {
    workers: Vec<Worker>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    timestamp: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
struct Worker {
    name: String,
    version: String,
    /// Whether it looked at the queue within the last 30 seconds. One that did not may be dead; it is listed for a day.
    alive: bool,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    started_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    last_tick_at: OffsetDateTime,
    /// Jobs that it runs at a time.
    capacity: u16,
    running_jobs: Vec<WorkersJob>,
}

#[derive(Serialize, ToSchema)]
struct WorkersJob {
    id: String,
    user_id: String,
    /// None of a job of the company.
    provider: Option<&'static str>,
    kind: &'static str,
}

/// Who works the queue off, of all processes, and what each runs.
#[utoipa::path(get, path = "/admin/workers/status", tag = "admin", responses((status = 200, body = Status)))]
pub(in crate::routes) async fn status(
    Admin { session, .. }: Admin,
    admin: Data<AdminServices>,
) -> Result<Json<Status>, Problem> {
    let known = admin.workers.list(session.company_id).await?;
    Ok(Json(Status { workers: known.into_iter().map(Worker::from).collect(), timestamp: admin.clock.now() }))
}

impl From<KnownWorker> for Worker {
    fn from(known: KnownWorker) -> Self {
        let KnownWorker { sign, started_at, last_tick_at, silent_for, running } = known;
        Self {
            name: sign.name,
            version: sign.version,
            alive: silent_for <= LONGEST_SILENCE,
            started_at,
            last_tick_at,
            capacity: sign.capacity,
            running_jobs: running.into_iter().map(WorkersJob::from).collect(),
        }
    }
}

impl From<RunningJob> for WorkersJob {
    fn from(running: RunningJob) -> Self {
        let RunningJob { id, user_id, provider, kind } = running;
        Self {
            id: id.to_string(),
            user_id: user_id.to_string(),
            provider: provider.map(Provider::name),
            kind: kind.name(),
        }
    }
}
