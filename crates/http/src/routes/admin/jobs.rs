//! `/admin/connectors` and `/admin/jobs`: having people's accounts read, and what became of that.

use std::collections::{BTreeMap, HashMap};

use actix_web::web::{Data, Json, Path, Query};
use cortex_connections::model::Connection;
use cortex_kernel::{CompanyId, JobId, PageRequest, Provider, UserId};
use cortex_sync_jobs::model::{
    Asker, Cancellation, JobFilter, LastSync, NewOverride, Override, Slice, SyncRequest, SyncWish, Trigger,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::AdminServices;
use crate::admin_gate::Admin;
use crate::extract::{Json as JsonBody, OptionalJson};
use crate::problem::{Problem, ProblemKind};
use crate::routes::openapi::ProblemBody;
use crate::routes::provider;
use crate::routes::sync_jobs::{JobItem, item_of, items_of, status_of};

/// Whose account is to be read, and of which provider.
#[derive(Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct WantedSync {
    /// The member.
    #[schema(value_type = Option<String>, format = "uuid")]
    #[param(value_type = Option<String>, format = "uuid")]
    user_id: Option<Uuid>,
    /// The provider, by any of its names.
    provider: Option<String>,
}

/// The account is being read.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct QueuedByAdmin {
    status: &'static str,
    job_id: String,
    user_id: String,
    provider: &'static str,
    company_id: String,
}

/// Which jobs are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct WantedJobs {
    /// Of whose accounts, or asked for by whom.
    #[param(value_type = Option<String>, format = "uuid")]
    user_id: Option<Uuid>,
    /// Of accounts of which provider, by any of its names.
    provider: Option<String>,
    /// In which status: `queued`, `running`, `completed`, `failed` or `cancelled`.
    status: Option<String>,
    /// At most so many; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// After so many; 100000 at most.
    offset: Option<u32>,
}

/// A part of the list of jobs.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct AdminJobs {
    jobs: Vec<JobItem>,
    /// How many there are in all.
    count: u64,
    limit: u16,
    offset: u32,
}

/// A job is tried again.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct RetriedByAdmin {
    status: &'static str,
    new_job_id: String,
    original_job_id: String,
}

/// Which part of a list is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct WantedPage {
    /// At most so many; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// The members and their accounts.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct AdminUsers {
    users: Vec<AdminUser>,
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct AdminUser {
    user_id: String,
    email: String,
    tenant_id: String,
    /// By the provider's name.
    providers: BTreeMap<&'static str, AdminAccount>,
    /// By the names that older clients know: Google Drive is `drive` here.
    #[schema(value_type = BTreeMap<String, LastJob>)]
    last_syncs: BTreeMap<&'static str, Option<LastJob>>,
}

#[derive(Default, Serialize, ToSchema)]
struct AdminAccount {
    connected: bool,
    /// The broker's id of the connection.
    connection_id: Option<String>,
    status: Option<&'static str>,
    /// When a sync was last completed.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sync: Option<OffsetDateTime>,
    /// The address of the connected account.
    email: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct LastJob {
    status: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

/// What is said about further initial syncs.
#[derive(Deserialize, ToSchema)]
pub(in crate::routes) struct SyncPermission {
    /// About whom; everybody where it is not said.
    #[schema(value_type = Option<String>, format = "uuid")]
    user_id: Option<Uuid>,
    /// About which provider, by any of its names; every one where it is not said.
    provider: Option<String>,
    /// Whether one more may start, lock or not, or none.
    allow: bool,
    /// Why.
    reason: String,
}

/// The same, kept.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct KeptPermission {
    id: i64,
    company_id: String,
    user_id: Option<String>,
    provider: Option<&'static str>,
    allow: bool,
    reason: String,
    /// The session in which it was said.
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

/// Longest reason, in characters.
const MAX_REASON_CHARS: usize = 500;

/// Has a member's account read, past the lock: from the beginning where that was never completed, else what changed.
#[utoipa::path(
    post,
    path = "/admin/connectors/sync",
    tag = "admin",
    params(WantedSync),
    request_body(content = Option<WantedSync>),
    responses(
        (status = 200, body = QueuedByAdmin),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody)
    )
)]
pub(in crate::routes) async fn sync(
    Admin { session, origin }: Admin,
    Query(by_query): Query<WantedSync>,
    OptionalJson(by_body): OptionalJson<WantedSync>,
    admin: Data<AdminServices>,
) -> Result<Json<QueuedByAdmin>, Problem> {
    let name = one_of(by_query.provider, by_body.provider, "provider")?;
    let user_id = one_of(by_query.user_id, by_body.user_id, "user_id")?;
    let name = name.ok_or_else(|| {
        Problem::new(ProblemKind::UnsupportedProvider).detail("Name a provider, in the query or in the body.")
    })?;
    let provider = provider::configured(&name, &admin.providers)?;
    let user_id = user_id.map(UserId::new).ok_or_else(|| {
        Problem::new(ProblemKind::InvalidQuery).detail("Name a member by user_id, in the query or in the body.")
    })?;
    must_be_member(&admin, session.company_id, user_id).await?;
    let request = SyncRequest {
        company_id: session.company_id,
        user_id,
        provider,
        wish: SyncWish::Due,
        trigger: Trigger::Admin,
        triggered_by: Some(session.id.to_string()),
        retry_of: None,
        origin,
    };
    let job = admin.start_sync.start(request).await?.job;
    Ok(Json(QueuedByAdmin {
        status: "queued",
        job_id: job.id.to_string(),
        user_id: user_id.to_string(),
        provider: provider.name(),
        company_id: session.company_id.to_string(),
    }))
}

/// The company's members, the accounts that they connected, and how these were last read.
#[utoipa::path(
    get,
    path = "/admin/connectors/users",
    tag = "admin",
    params(WantedPage),
    responses((status = 200, body = AdminUsers))
)]
pub(in crate::routes) async fn users(
    Admin { session, .. }: Admin,
    Query(wanted): Query<WantedPage>,
    admin: Data<AdminServices>,
) -> Result<Json<AdminUsers>, Problem> {
    let company_id = session.company_id;
    let members = admin.members.list_active(company_id, &wanted.into()).await?;
    let ids: Vec<UserId> = members.items.iter().map(|(user_id, _)| *user_id).collect();
    let connections = admin.connections.list_of(company_id, &ids).await?;
    let last_syncs = admin.jobs.last_syncs(company_id, &ids).await?;
    let connections: HashMap<_, _> = connections.iter().map(|of| ((of.owner.user_id, of.provider), of)).collect();
    let last_syncs: HashMap<_, _> = last_syncs.iter().map(|of| ((of.user_id, of.provider), of)).collect();
    let users = members.items.into_iter().map(|(user_id, email)| AdminUser {
        user_id: user_id.to_string(),
        email: email.to_string(),
        tenant_id: company_id.to_string(),
        providers: Provider::ALL
            .into_iter()
            .map(|provider| {
                let account = (user_id, provider);
                let connection = connections.get(&account).copied();
                (provider.name(), AdminAccount::of(connection, last_syncs.get(&account).copied()))
            })
            .collect(),
        last_syncs: Provider::ALL
            .into_iter()
            .map(|provider| {
                let last = last_syncs.get(&(user_id, provider));
                let last = last.map(|last| LastJob { status: last.status.name(), created_at: last.created_at });
                (older_name(provider), last)
            })
            .collect(),
    });
    Ok(Json(AdminUsers { users: users.collect(), next_cursor: members.next_cursor }))
}

/// The jobs of accounts and of the company itself, newest first.
#[utoipa::path(
    get,
    path = "/admin/jobs/all",
    operation_id = "jobs",
    tag = "admin",
    params(WantedJobs),
    responses((status = 200, body = AdminJobs))
)]
pub(in crate::routes) async fn list(
    Admin { session, .. }: Admin,
    Query(wanted): Query<WantedJobs>,
    admin: Data<AdminServices>,
) -> Result<Json<AdminJobs>, Problem> {
    let status = wanted.status.as_deref().map(status_of).transpose()?;
    if wanted.offset.is_some_and(|offset| offset > Slice::MAX_OFFSET) {
        let detail = format!("The offset may be {} at most: narrow the list.", Slice::MAX_OFFSET);
        return Err(Problem::new(ProblemKind::InvalidQuery).detail(detail));
    }
    let filter = JobFilter {
        user_id: wanted.user_id.map(UserId::new),
        provider: wanted.provider.as_deref().map(provider::known).transpose()?,
        status,
    };
    let slice = Slice::new(wanted.limit, wanted.offset);
    let found = admin.jobs.list_jobs(session.company_id, &filter, slice).await?;
    let jobs = items_of(admin.connections.as_ref(), session.company_id, found.jobs).await?;
    Ok(Json(AdminJobs { jobs, count: found.count, limit: slice.limit(), offset: slice.offset() }))
}

/// Tries a job again that failed or was called off, as a new one.
#[utoipa::path(
    post,
    path = "/admin/jobs/{id}/retry",
    tag = "admin",
    params(("id" = String, Path, description = "The job that ended badly")),
    responses(
        (status = 200, body = RetriedByAdmin),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody)
    )
)]
pub(in crate::routes) async fn retry(
    Admin { session, origin }: Admin,
    id: Path<Uuid>,
    admin: Data<AdminServices>,
) -> Result<Json<RetriedByAdmin>, Problem> {
    let original = JobId::new(*id);
    let ended = admin.retry_job.find_ended(session.company_id, original).await?;
    if ended.subject.account().is_some() {
        must_be_member(&admin, session.company_id, ended.user_id).await?;
    }
    let job = admin.retry_job.retry(&ended, Asker::Admin(session.id), origin).await?;
    Ok(Json(RetriedByAdmin { status: "queued", new_job_id: job.id.to_string(), original_job_id: original.to_string() }))
}

/// Calls a job off. What it did until then stays.
#[utoipa::path(
    post,
    path = "/admin/jobs/{id}/cancel",
    tag = "admin",
    params(("id" = String, Path, description = "A job that waits or runs")),
    responses(
        (status = 200, body = JobItem),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody)
    )
)]
pub(in crate::routes) async fn cancel(
    Admin { session, origin }: Admin,
    id: Path<Uuid>,
    admin: Data<AdminServices>,
) -> Result<Json<JobItem>, Problem> {
    let (company_id, by) = (session.company_id, Asker::Admin(session.id));
    let cancellation = Cancellation { company_id, id: JobId::new(*id), by, origin };
    let cancelled = admin.cancel_job.cancel(&cancellation, true).await?;
    Ok(Json(item_of(admin.connections.as_ref(), cancelled).await?))
}

/// Allows one more initial sync, or none, whatever the lock says.
#[utoipa::path(
    put,
    path = "/admin/sync-permissions",
    tag = "admin",
    request_body = SyncPermission,
    responses((status = 200, body = KeptPermission), (status = 404, response = ProblemBody))
)]
pub(in crate::routes) async fn permit(
    Admin { session, origin }: Admin,
    JsonBody(wanted): JsonBody<SyncPermission>,
    admin: Data<AdminServices>,
) -> Result<Json<KeptPermission>, Problem> {
    let SyncPermission { user_id, provider, allow, reason } = wanted;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON_CHARS || reason.contains('\0') {
        let detail = format!("expected 1 to {MAX_REASON_CHARS} characters, without NUL");
        return Err(Problem::new(ProblemKind::InvalidField).invalid_field("/reason", detail));
    }
    let provider = provider.as_deref().map(provider::known).transpose()?;
    let user_id = user_id.map(UserId::new);
    if let Some(user_id) = user_id {
        must_be_member(&admin, session.company_id, user_id).await?;
    }
    let word = NewOverride {
        company_id: session.company_id,
        user_id,
        provider,
        says: if allow { Override::Allow } else { Override::Block },
        reason: reason.to_owned(),
        session_id: session.id,
        origin,
    };
    let kept = admin.overrides.set(&word).await?;
    Ok(Json(KeptPermission {
        id: kept.id,
        company_id: session.company_id.to_string(),
        user_id: user_id.map(|user_id| user_id.to_string()),
        provider: provider.map(Provider::name),
        allow,
        reason: word.reason,
        by: session.id.to_string(),
        created_at: kept.created_at,
    }))
}

/// What the query or the body says; both may, as long as they say the same.
fn one_of<T: PartialEq>(by_query: Option<T>, by_body: Option<T>, name: &str) -> Result<Option<T>, Problem> {
    match (by_query, by_body) {
        (Some(query), Some(body)) if query != body => Err(Problem::new(ProblemKind::InvalidQuery)
            .detail(format!("The query and the body say different things as {name}."))),
        (query, body) => Ok(query.or(body)),
    }
}

async fn must_be_member(admin: &AdminServices, company_id: CompanyId, user_id: UserId) -> Result<(), Problem> {
    let member = admin.member.find_active(company_id, user_id).await?;
    let not_found = || Problem::new(ProblemKind::NotFound).detail("The company has no such active member.");
    member.map(|_| ()).ok_or_else(not_found)
}

const fn older_name(provider: Provider) -> &'static str {
    match provider {
        Provider::GoogleDrive => "drive",
        Provider::Gmail | Provider::Outlook | Provider::QuickBooks => provider.name(),
    }
}

impl AdminAccount {
    fn of(connection: Option<&Connection>, last: Option<&LastSync>) -> Self {
        let Some(connection) = connection else { return Self::default() };
        let account_email = connection.account.as_ref().and_then(|account| account.email.as_ref());
        Self {
            connected: connection.status.is_connected(),
            connection_id: Some(connection.broker_id.to_string()),
            status: Some(connection.status.name()),
            last_sync: last.and_then(|last| last.last_completed_at),
            email: account_email.map(ToString::to_string),
        }
    }
}

impl From<WantedPage> for PageRequest {
    fn from(wanted: WantedPage) -> Self {
        Self::new(wanted.limit, wanted.cursor)
    }
}
