//! `/api/v1/sync`: having accounts read.

use std::collections::BTreeSet;

use actix_web::Responder;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use cortex_identity::model::UserContext;
use cortex_kernel::{Origin, Provider};
use cortex_sync_jobs::StartSync;
use cortex_sync_jobs::model::{Job, SyncRequest, SyncWish, Trigger};
use cortex_sync_jobs::start_sync::StartSyncError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::openapi::ProblemBody;
use super::provider;
use crate::extract::OptionalJson;
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// How many days back an initial sync reads.
#[derive(Clone, Copy)]
pub(super) struct BackfillDays(pub(super) u32);

/// Answer of `/api/v1/sync/initial/{provider}`.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedSync)]
struct Initial {
    status: &'static str,
    job_id: String,
    provider: &'static str,
    backfill_days: u32,
    locked: bool,
    message: String,
    user_id: String,
    company_id: String,
}

/// Answer of `/api/v1/sync/{provider}`.
#[derive(Serialize, ToSchema)]
#[schema(as = QueuedSync)]
pub(super) struct Queued {
    status: &'static str,
    job_id: String,
    provider: &'static str,
    message: String,
    user_id: String,
    company_id: String,
}

/// Body of `/api/v1/sync/{provider}`.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = SyncChoices)]
pub(super) struct Choices {
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    folder_ids: Option<FolderIds>,
}

/// The folders that are to be read. No provider is read by folders yet: they are checked, and whoever chose some is told
/// so.
#[derive(Deserialize)]
#[serde(try_from = "Vec<FolderId>")]
struct FolderIds;

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct FolderId;

/// How many folders may be chosen at once.
const MAX_FOLDERS: usize = 100;

/// How many characters the provider's id of a folder may have.
const MAX_FOLDER_ID_CHARS: usize = 500;

/// Has everything read that is not too old.
#[utoipa::path(
    post, path = "/api/v1/sync/initial/{provider}", tag = "sync", params(("provider" = String, Path)),
    responses((status = 202, body = Initial), (status = 409, response = ProblemBody))
)]
pub(super) async fn initial(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    provider: Path<String>,
    providers: Data<BTreeSet<Provider>>,
    start_sync: Data<StartSync>,
    backfill: Data<BackfillDays>,
) -> Result<impl Responder, Problem> {
    let provider = provider::configured(&provider, &providers)?;
    let job = start(&caller, origin, provider, SyncWish::Initial, &start_sync).await?;
    let BackfillDays(backfill_days) = **backfill;
    let started = Initial {
        status: "started",
        job_id: job.id.to_string(),
        provider: provider.name(),
        backfill_days,
        locked: true,
        message: format!("The last {backfill_days} days of {provider} are being read; this can be asked for once."),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    };
    Ok((Json(started), StatusCode::ACCEPTED))
}

/// Has read what changed.
#[utoipa::path(
    post, path = "/api/v1/sync/{provider}", tag = "sync", params(("provider" = String, Path)),
    request_body = Option<Choices>,
    responses(
        (status = 202, body = Queued),
        (status = 409, response = ProblemBody),
        (status = 422, response = ProblemBody)
    )
)]
pub(super) async fn incremental(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    provider: Path<String>,
    OptionalJson(Choices { folder_ids }): OptionalJson<Choices>,
    providers: Data<BTreeSet<Provider>>,
    start_sync: Data<StartSync>,
) -> Result<impl Responder, Problem> {
    let (Json(mut queued), status) = changes(&caller, origin, &provider, &providers, &start_sync).await?;
    if folder_ids.is_some() {
        queued.message.push_str(" It cannot be narrowed to folders yet: all folders are read.");
    }
    Ok((Json(queued), status))
}

/// The same at an older address.
#[utoipa::path(
    method(get, post), path = "/sync/once/{provider}", tag = "sync", params(("provider" = String, Path)),
    responses((status = 202, body = Queued), (status = 409, response = ProblemBody))
)]
pub(super) async fn once(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    provider: Path<String>,
    providers: Data<BTreeSet<Provider>>,
    start_sync: Data<StartSync>,
) -> Result<impl Responder, Problem> {
    changes(&caller, origin, &provider, &providers, &start_sync).await
}

/// The same for Outlook, at the oldest address.
#[utoipa::path(
    method(get, post), path = "/sync/once", tag = "sync",
    responses((status = 202, body = Queued), (status = 409, response = ProblemBody))
)]
pub(super) async fn once_outlook(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    providers: Data<BTreeSet<Provider>>,
    start_sync: Data<StartSync>,
) -> Result<impl Responder, Problem> {
    changes(&caller, origin, Provider::Outlook.name(), &providers, &start_sync).await
}

async fn changes(
    caller: &UserContext,
    origin: Origin,
    provider: &str,
    providers: &BTreeSet<Provider>,
    start_sync: &StartSync,
) -> Result<(Json<Queued>, StatusCode), Problem> {
    let provider = provider::configured(provider, providers)?;
    let job = start(caller, origin, provider, SyncWish::Incremental, start_sync).await?;
    let queued = Queued {
        status: "queued",
        job_id: job.id.to_string(),
        provider: provider.name(),
        message: format!("What changed in {provider} is being read."),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    };
    Ok((Json(queued), StatusCode::ACCEPTED))
}

async fn start(
    caller: &UserContext,
    origin: Origin,
    provider: Provider,
    wish: SyncWish,
    start_sync: &StartSync,
) -> Result<Job, Problem> {
    let request = SyncRequest {
        company_id: caller.company_id,
        user_id: caller.user_id,
        provider,
        wish,
        trigger: Trigger::User,
        triggered_by: Some(caller.user_id.to_string()),
        retry_of: None,
        origin,
    };
    Ok(start_sync.start(request).await?.job)
}

impl TryFrom<Vec<FolderId>> for FolderIds {
    type Error = String;

    fn try_from(ids: Vec<FolderId>) -> Result<Self, String> {
        if ids.len() > MAX_FOLDERS {
            return Err(format!("expected at most {MAX_FOLDERS} folders"));
        }
        Ok(Self)
    }
}

impl TryFrom<String> for FolderId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        if id.is_empty() || id.chars().count() > MAX_FOLDER_ID_CHARS {
            return Err(format!("expected an id of 1 to {MAX_FOLDER_ID_CHARS} characters"));
        }
        Ok(Self)
    }
}

impl From<StartSyncError> for Problem {
    fn from(error: StartSyncError) -> Self {
        let kind = match error {
            StartSyncError::NotConnected => ProblemKind::NotConnected,
            StartSyncError::NeedsReauthorization => ProblemKind::NeedsReauthorization,
            StartSyncError::Locked => ProblemKind::SyncLocked,
            // Only what goes by itself has to wait for a person.
            StartSyncError::NotBegun => ProblemKind::Internal,
            StartSyncError::Store(error) => return error.into(),
        };
        Self::new(kind).caused_by(error)
    }
}
