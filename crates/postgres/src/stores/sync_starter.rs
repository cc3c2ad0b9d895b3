//! [`SyncStarter`] on a company's database.
//!
//! The job is made first and the rest is asked under its protection: of several starts at once one makes the job, and
//! the others wait for what becomes of it. Whoever ends a job takes its row first and the connection's after it, too.

use async_trait::async_trait;
use cortex_kernel::{AdminSessionId, ConnectionId, StoreError};
use cortex_sync_jobs::model::{Access, Job, StartDecision, StartRefusal, SyncRequest, SyncStart, SyncState, Trigger};
use cortex_sync_jobs::ports::{StartOutcome, SyncStarter};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde_json::{Value, json};
use tracing::instrument;

use crate::tables::{Inconsistency, admin_audit_log, nango_sync_cursors, sync_jobs, sync_locks, sync_overrides};
use crate::{Abort, Pool};

/// Jobs, locks and overrides in a company's database.
pub struct PgSyncStarter {
    company: Pool,
}

/// Why nothing was made.
enum Stop {
    Refused(StartRefusal),
    Failed(StoreError),
}

impl PgSyncStarter {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl SyncStarter for PgSyncStarter {
    #[instrument(name = "pg.sync_starter.start", skip_all, fields(job.id = %start.id))]
    async fn start(&self, start: &SyncStart) -> Result<StartOutcome, StoreError> {
        let started = self
            .company
            .transaction(async |connection: &mut AsyncPgConnection| start_in(connection, start).await)
            .await;
        match started {
            Ok(outcome) => Ok(outcome),
            Err(Stop::Refused(refusal)) => Ok(StartOutcome::Refused(refusal)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}

async fn start_in(connection: &mut AsyncPgConnection, start: &SyncStart) -> Result<StartOutcome, Abort<Stop>> {
    let request = &start.request;
    let known = sync_locks::find(connection, request).await?;
    let known = known.as_ref().map(SyncState::try_from).transpose()?;
    let known = known.filter(|state| state.access != Access::Ended).ok_or_else(not_connected)?;
    let job = Job::try_from(sync_jobs::enqueue(connection, &start.job(&known)).await?)?;
    if job.id != start.id {
        audit_start(connection, request, &job).await?;
        return Ok(StartOutcome::AlreadyLive(job));
    }
    let row = sync_locks::hold(connection, request).await?.ok_or_else(not_connected)?;
    let state = SyncState::try_from(&row)?;
    let word = sync_overrides::hold(connection, request).await?;
    match request.decide(&state, start.word(word.map(|(_, says)| says))) {
        StartDecision::Refuse(refusal) => return Err(Abort::Decided(Stop::Refused(refusal))),
        StartDecision::Start { locks, uses_up_override } => {
            if uses_up_override {
                let used_up = match word {
                    Some((id, _)) => {
                        sync_overrides::use_up(connection, request.company_id, id).await?;
                        ("sync_override", id.to_string())
                    }
                    // At Master it was used up before.
                    None => ("sync_permission", request.company_id.to_string()),
                };
                let details = json!({ "provider": request.provider.name(), "job_id": job.id.to_string() });
                audit(connection, request, "override_consumed", used_up, details).await?;
            }
            if locks {
                sync_locks::lock(connection, request.company_id, state.connection_id).await?;
                nango_sync_cursors::forget(connection, request.company_id, request.user_id, &row.broker_id()).await?;
            }
        }
    }
    audit_start(connection, request, &job).await?;
    Ok(StartOutcome::Started(job))
}

/// What goes by itself is told by its job alone.
async fn audit_start(connection: &mut AsyncPgConnection, request: &SyncRequest, job: &Job) -> QueryResult<()> {
    match request.trigger {
        Trigger::User | Trigger::Admin => {}
        Trigger::Webhook | Trigger::Schedule | Trigger::Reconnect => return Ok(()),
    }
    let details = json!({
        "provider": request.provider.name(),
        "kind": job.kind.name(),
        "trigger": request.trigger.name(),
        "triggered_by": request.triggered_by,
        "connection_id": job.subject.connection_id().map(ConnectionId::get),
    });
    match request.retry_of {
        Some(ended) => {
            let mut details = details;
            details["original_job_id"] = ended.to_string().into();
            audit(connection, request, "job_retried", ("sync_job", job.id.to_string()), details).await
        }
        None => audit(connection, request, "sync_triggered", ("sync_job", job.id.to_string()), details).await,
    }
}

async fn audit(
    connection: &mut AsyncPgConnection,
    request: &SyncRequest,
    action: &str,
    (resource_type, resource_id): (&str, String),
    details: Value,
) -> QueryResult<()> {
    let SyncRequest { company_id, user_id, origin, .. } = request;
    let entry = admin_audit_log::Entry {
        company_id: *company_id,
        user_id: Some(*user_id),
        session_id: session_of(request),
        action,
        resource_type,
        resource_id,
        details,
        origin,
    };
    admin_audit_log::insert(connection, &entry).await
}

/// The session of the admin who asks, if one does.
fn session_of(request: &SyncRequest) -> Option<AdminSessionId> {
    let is_admin = request.trigger == Trigger::Admin;
    request.triggered_by.as_deref().filter(|_| is_admin).and_then(|session| session.parse().ok())
}

const fn not_connected() -> Abort<Stop> {
    Abort::Decided(Stop::Refused(StartRefusal::NotConnected))
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<Inconsistency> for Abort<Stop> {
    fn from(inconsistency: Inconsistency) -> Self {
        Self::Decided(Stop::Failed(inconsistency.into()))
    }
}
