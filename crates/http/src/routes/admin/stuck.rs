//! `/admin/inbox` and `/admin/connections`: webhooks without what is in them, and connections, what got stuck first.

use actix_web::web::{Data, Json, Path, Query};
use cortex_connections::model::{
    InboxEntry, KeptInQuarantine, Replay, ReplayOutcome, UnknownConnectionStatus, ViewFilter, WebhookState,
};
use cortex_connections::ports::DirectoryError;
use cortex_kernel::PageRequest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::AdminServices;
use crate::admin_gate::Admin;
use crate::problem::{Problem, ProblemKind};
use crate::routes::connections::ConnectionItem;
use crate::routes::openapi::ProblemBody;

/// Which webhooks are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct WantedWebhooks {
    /// `dead`, which counts where it is not said, `pending`, `ignored` or `done`.
    state: Option<String>,
    /// At most so many; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// Webhooks, newest first.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct Webhooks {
    items: Vec<WebhookItem>,
    next_cursor: Option<String>,
}

/// A webhook without its body.
#[derive(Serialize, ToSchema)]
struct WebhookItem {
    id: i64,
    state: &'static str,
    attempts: u32,
    /// What went wrong last, or why it was ignored.
    note: Option<String>,
    /// The request that brought it.
    request_id: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    received_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<OffsetDateTime>,
}

/// A webhook waits again.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct Replayed {
    status: &'static str,
    id: i64,
}

/// Which connections are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct WantedConnections {
    /// `quarantined`, which counts where it is not said, `active`, `needs_reauthorization` or `disconnected`.
    status: Option<String>,
    /// At most so many; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// Connections, newest first.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct AdminConnections {
    items: Vec<AdminConnection>,
    next_cursor: Option<String>,
}

/// A connection that fits nobody, or one of the company's.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum AdminConnection {
    Quarantined(QuarantinedItem),
    Known(ConnectionItem),
}

#[derive(Serialize, ToSchema)]
struct QuarantinedItem {
    id: i64,
    status: &'static str,
    provider: &'static str,
    /// The broker's id of it.
    connection_id: String,
    /// The person that it claims, as it was told.
    claimed_user_id: Option<String>,
    reason: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

/// The status of what fits nobody.
const QUARANTINED: &str = "quarantined";

/// Webhooks of a state, those that were given up where no other is named.
#[utoipa::path(
    get,
    path = "/admin/inbox",
    tag = "admin",
    params(WantedWebhooks),
    responses((status = 200, body = Webhooks))
)]
pub(in crate::routes) async fn webhooks(
    Admin { session, .. }: Admin,
    Query(wanted): Query<WantedWebhooks>,
    admin: Data<AdminServices>,
) -> Result<Json<Webhooks>, Problem> {
    let state = wanted.state.as_deref().map_or(Ok(WebhookState::Dead), str::parse).map_err(|error| {
        Problem::new(ProblemKind::InvalidQuery)
            .detail("There is no such state; there are dead, pending, ignored and done.")
            .caused_by(error)
    })?;
    let page = PageRequest::new(wanted.limit, wanted.cursor);
    let found = admin.stuck.list_webhooks(session.company_id, state, &page).await?;
    let items = found.items.into_iter().map(WebhookItem::from).collect();
    Ok(Json(Webhooks { items, next_cursor: found.next_cursor }))
}

/// Lets a webhook that was given up be worked off once more.
#[utoipa::path(
    post,
    path = "/admin/inbox/{id}/replay",
    tag = "admin",
    params(("id" = i64, Path, description = "The webhook")),
    responses(
        (status = 200, body = Replayed),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody)
    )
)]
pub(in crate::routes) async fn replay(
    Admin { session, origin }: Admin,
    id: Path<i64>,
    admin: Data<AdminServices>,
) -> Result<Json<Replayed>, Problem> {
    let replay = Replay { company_id: session.company_id, id: *id, session_id: session.id, origin };
    let wrong_state = |detail: &'static str| Err(Problem::new(ProblemKind::WrongState).detail(detail));
    match admin.stuck.replay(&replay).await? {
        ReplayOutcome::Replayed => Ok(Json(Replayed { status: WebhookState::Pending.name(), id: replay.id })),
        ReplayOutcome::NotFound => Err(Problem::new(ProblemKind::NotFound).detail("There is no such webhook.")),
        ReplayOutcome::NotDead => wrong_state("The webhook was not given up, so there is nothing to replay."),
        ReplayOutcome::AlreadyPending => wrong_state("An equal webhook waits already."),
    }
}

/// Connections at the broker that nobody may use, or the company's of another status.
#[utoipa::path(
    get,
    path = "/admin/connections",
    operation_id = "admin_connections",
    tag = "admin",
    params(WantedConnections),
    responses((status = 200, body = AdminConnections))
)]
pub(in crate::routes) async fn connections(
    Admin { session, .. }: Admin,
    Query(wanted): Query<WantedConnections>,
    admin: Data<AdminServices>,
) -> Result<Json<AdminConnections>, Problem> {
    let company_id = session.company_id;
    let page = PageRequest::new(wanted.limit, wanted.cursor);
    let status = match wanted.status.as_deref() {
        None | Some(QUARANTINED) => {
            let found = admin.stuck.list_quarantined(company_id, &page).await?;
            let items = found.items.into_iter().map(|kept| AdminConnection::Quarantined(kept.into())).collect();
            return Ok(Json(AdminConnections { items, next_cursor: found.next_cursor }));
        }
        Some(status) => status.parse().map_err(|error: UnknownConnectionStatus| {
            Problem::new(ProblemKind::InvalidQuery)
                .detail("The status may be quarantined, active, needs_reauthorization or disconnected.")
                .caused_by(error)
        })?,
    };
    let filter = ViewFilter { user_id: None, status: Some(status) };
    let found = admin.connection_views.list_connections(company_id, &filter, &page).await?;
    let items = found.items.into_iter().map(|one| AdminConnection::Known(one.into())).collect();
    Ok(Json(AdminConnections { items, next_cursor: found.next_cursor }))
}

impl From<InboxEntry> for WebhookItem {
    fn from(entry: InboxEntry) -> Self {
        let InboxEntry { id, state, attempts, note, request_id, received_at, ended_at } = entry;
        Self { id, state: state.name(), attempts, note, request_id, received_at, ended_at }
    }
}

impl From<KeptInQuarantine> for QuarantinedItem {
    fn from(kept: KeptInQuarantine) -> Self {
        let KeptInQuarantine { id, provider, broker_id, claimed_user_id, reason, created_at } = kept;
        Self {
            id,
            status: QUARANTINED,
            provider: provider.name(),
            connection_id: broker_id.to_string(),
            claimed_user_id,
            reason,
            created_at,
        }
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Cursor => Self::new(ProblemKind::InvalidQuery)
                .detail("The cursor is none of those that this list answers as next_cursor.")
                .caused_by(error),
            DirectoryError::Store(error) => error.into(),
        }
    }
}
