//! `/api/v1/oauth/connections`: the connections of a person, or of the company, one by one.

use actix_web::web::{Data, Json, Path, Query};
use cortex_connections::model::{
    ConnectionStatus, ConnectionView, CountedConnection, Documents, StatusReason, ViewFilter,
};
use cortex_connections::ports::ConnectionViews;
use cortex_connections::{Disconnect, DisconnectError, DisconnectRequest};
use cortex_identity::model::Role;
use cortex_kernel::{ConnectionId, Email, PageRequest};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::openapi::ProblemBody;
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// Which connections are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `own`, which counts where it is not said, or `company`, for admins.
    scope: Option<String>,
    /// At most so many; 50 where it is not said, 200 at most.
    limit: Option<u16>,
    /// Where to go on: `next_cursor` of the part before.
    cursor: Option<String>,
}

/// Connections, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Connections)]
pub(super) struct Listed {
    items: Vec<ConnectionItem>,
    next_cursor: Option<String>,
}

/// A connection.
#[derive(Serialize, ToSchema)]
#[schema(as = Connection)]
pub(super) struct ConnectionItem {
    /// Our own number of it.
    id: i64,
    provider: &'static str,
    /// The broker's id of it.
    connection_id: String,
    /// Whose it is; none where it is from before connections had owners.
    user_id: Option<String>,
    /// The owner's address in the company, at the time of connecting.
    user_email: Option<String>,
    /// The address of the connected account.
    account_email: Option<String>,
    /// `active`, `needs_reauthorization` or `disconnected`.
    status: &'static str,
    /// Why, where there is more to say: `account_unverified`, `invalid_credentials`, `removed_at_nango`, `fetch_failed` or
    /// `no_user`.
    reason: Option<&'static str>,
    #[serde(with = "time::serde::rfc3339")]
    connected_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    status_changed_at: OffsetDateTime,
    /// When a sync was last completed.
    #[serde(with = "time::serde::rfc3339::option")]
    last_sync: Option<OffsetDateTime>,
    /// Documents that it brought in and that have not vanished there.
    documents: u64,
    /// Whether an initial sync can be started.
    can_manual_sync: bool,
    initial_sync_completed: bool,
    needs_reauthorization: bool,
}

/// How a connection is to be ended.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Ending {
    /// `keep`, which counts where it is not said, or `purge`: then documents go that only this connection brought in.
    /// What others brought in only an owner purges.
    documents: Option<String>,
}

/// A connection is ended.
#[derive(Serialize, ToSchema)]
pub(super) struct EndedConnection {
    disconnected: bool,
    documents_removed: u64,
    user_id: String,
    company_id: String,
}

/// The caller's own connections, or all of the company's.
#[utoipa::path(
    get, path = "/api/v1/oauth/connections", operation_id = "connections", tag = "connections", params(Wanted),
    responses((status = 200, body = Listed))
)]
pub(super) async fn list(
    Caller(caller): Caller,
    Query(wanted): Query<Wanted>,
    views: Data<dyn ConnectionViews>,
) -> Result<Json<Listed>, Problem> {
    let user_id = match wanted.scope.as_deref() {
        None | Some("own") => Some(caller.user_id),
        Some("company") if caller.role >= Role::Admin => None,
        Some("company") => {
            return Err(Problem::new(ProblemKind::RoleTooLow).detail("Only admins see all connections of the company."));
        }
        Some(_) => {
            return Err(Problem::new(ProblemKind::InvalidQuery).detail("The scope may be own or company."));
        }
    };
    let filter = ViewFilter { user_id, status: None };
    let page =
        views.list_connections(caller.company_id, &filter, &PageRequest::new(wanted.limit, wanted.cursor)).await?;
    let items = page.items.into_iter().map(ConnectionItem::from).collect();
    Ok(Json(Listed { items, next_cursor: page.next_cursor }))
}

/// Ends a connection, here and at the broker. Doing it again changes nothing, or goes on where a purge was broken off.
#[utoipa::path(
    delete, path = "/api/v1/oauth/connections/{id}", operation_id = "disconnect", tag = "connections",
    params(("id" = i64, Path, description = "Our own number of the connection"), Ending),
    responses((status = 200, body = EndedConnection), (status = 404, response = ProblemBody))
)]
pub(super) async fn disconnect(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    id: Path<i64>,
    Query(ending): Query<Ending>,
    disconnect: Data<Disconnect>,
) -> Result<Json<EndedConnection>, Problem> {
    let documents = match ending.documents.as_deref() {
        None | Some("keep") => Documents::Keep,
        Some("purge") => Documents::Purge,
        Some(_) => {
            let detail = "documents may be keep or purge.";
            return Err(Problem::new(ProblemKind::InvalidQuery).detail(detail));
        }
    };
    let request = DisconnectRequest {
        company_id: caller.company_id,
        id: ConnectionId::new(*id),
        by: caller.user_id,
        documents,
        may_end_others: caller.role >= Role::Admin,
        may_purge_others: caller.role >= Role::Owner,
        origin,
    };
    let documents_removed = disconnect.disconnect(request).await?;
    Ok(Json(EndedConnection {
        disconnected: true,
        documents_removed,
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    }))
}

impl From<CountedConnection> for ConnectionItem {
    fn from(CountedConnection { connection, documents }: CountedConnection) -> Self {
        let can_manual_sync = connection.can_begin();
        let ConnectionView {
            id,
            provider,
            broker_id,
            user_id,
            user_email,
            account,
            status,
            reason,
            connected_at,
            status_changed_at,
            last_read_at,
            may_begin: _,
            is_complete,
        } = connection;
        Self {
            id: id.get(),
            provider: provider.name(),
            connection_id: broker_id.to_string(),
            user_id: user_id.map(|user_id| user_id.to_string()),
            user_email: user_email.as_ref().map(Email::to_string),
            account_email: account.and_then(|account| account.email).as_ref().map(Email::to_string),
            status: status.name(),
            reason: reason.map(StatusReason::name),
            connected_at,
            status_changed_at,
            last_sync: last_read_at,
            documents,
            can_manual_sync,
            initial_sync_completed: is_complete,
            needs_reauthorization: status == ConnectionStatus::NeedsReauthorization,
        }
    }
}

impl From<DisconnectError> for Problem {
    fn from(error: DisconnectError) -> Self {
        match error {
            DisconnectError::NotFound => Self::new(ProblemKind::NotFound).detail("There is no such connection."),
            DisconnectError::PurgeNotAllowed => Self::new(ProblemKind::RoleTooLow)
                .detail("Only an owner removes what others brought in; the connection was not ended."),
            DisconnectError::Store(error) => error.into(),
        }
    }
}
