//! `/api/v1/oauth/status`: which accounts the caller connected.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web::{Data, Json};
use cortex_connections::model::{ConnectionStatus, RefusalReason, Standing, StatusReason};
use cortex_connections::ports::ConnectionViews;
use cortex_kernel::{Email, Provider};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::gate::Caller;
use crate::problem::Problem;

/// Answer of `/api/v1/oauth/status`.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectionStatus)]
pub(super) struct Status {
    user_id: String,
    company_id: String,
    tenant_id: String,
    providers: BTreeMap<&'static str, ProviderStatus>,
}

/// How the caller stands with a provider.
#[derive(Default, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "clients know them by these names")]
struct ProviderStatus {
    configured: bool,
    connected: bool,
    /// Our own number of the connection.
    id: Option<i64>,
    /// The broker's id of it.
    connection_id: Option<String>,
    status: Option<&'static str>,
    /// The caller's address in the company, at the time of connecting.
    email: Option<String>,
    /// The address of the connected account.
    account_email: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    connected_at: Option<OffsetDateTime>,
    /// When a sync was last completed.
    #[serde(with = "time::serde::rfc3339::option")]
    last_sync: Option<OffsetDateTime>,
    /// Whether an initial sync can be started.
    can_manual_sync: bool,
    initial_sync_completed: bool,
    needs_reauthorization: bool,
    /// Why the account was not taken that the caller tried to connect last, else what there is to say of the connection.
    reason: Option<&'static str>,
}

/// How the caller stands with every provider.
#[utoipa::path(get, path = "/api/v1/oauth/status", tag = "connections", responses((status = 200, body = Status)))]
pub(super) async fn status(
    Caller(caller): Caller,
    providers: Data<BTreeSet<Provider>>,
    views: Data<dyn ConnectionViews>,
) -> Result<Json<Status>, Problem> {
    let stands = views.find_standing(caller.company_id, caller.user_id).await?;
    let of = |standing: Standing| {
        let configured = providers.contains(&standing.provider);
        (standing.provider.name(), ProviderStatus { configured, ..ProviderStatus::of(standing) })
    };
    Ok(Json(Status {
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
        tenant_id: caller.company_id.to_string(),
        providers: stands.into_iter().map(of).collect(),
    }))
}

impl ProviderStatus {
    fn of(Standing { connection, refused, .. }: Standing) -> Self {
        let refused = refused.map(RefusalReason::name);
        let Some(connection) = connection else { return Self { reason: refused, ..Self::default() } };
        // Once it is ended, any account may be connected.
        let refused = refused.filter(|_| connection.status.is_connected());
        let account_email = connection.account.as_ref().and_then(|account| account.email.as_ref());
        Self {
            configured: false,
            connected: connection.status.is_connected(),
            id: Some(connection.id.get()),
            connection_id: Some(connection.broker_id.to_string()),
            status: Some(connection.status.name()),
            email: connection.user_email.as_ref().map(Email::to_string),
            account_email: account_email.map(Email::to_string),
            connected_at: Some(connection.connected_at),
            last_sync: connection.last_read_at,
            can_manual_sync: connection.can_begin(),
            initial_sync_completed: connection.is_complete,
            needs_reauthorization: connection.status == ConnectionStatus::NeedsReauthorization,
            reason: refused.or(connection.reason.map(StatusReason::name)),
        }
    }
}
