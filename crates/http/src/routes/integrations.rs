//! `/api/v1/integrations`: the providers, who connected what, and how that does.

use actix_web::web::{Data, Json};
use cortex_identity::model::{Role, UserContext};
use cortex_insights::model::{Attention, ConnectionStanding, DocumentShare, Health};
use cortex_kernel::Provider;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::InsightServices;
use crate::gate::Caller;
use crate::problem::Problem;

/// The providers.
#[derive(Serialize, ToSchema)]
pub(super) struct Integrations {
    integrations: Vec<Integration>,
}

/// A provider, and what the company has of it.
#[derive(Serialize, ToSchema)]
struct Integration {
    provider: &'static str,
    /// Whether accounts of it can be connected in this deployment.
    configured: bool,
    /// `not_configured`, `not_connected`, `needs_attention` or `healthy`.
    health: &'static str,
    /// How many connections the company has that were not ended.
    connected: usize,
    /// How many of them somebody should look at.
    needs_attention: usize,
    /// When a sync of any of them was last completed.
    #[serde(with = "time::serde::rfc3339::option")]
    last_sync: Option<OffsetDateTime>,
    /// Documents that came from there.
    documents: u64,
    /// Of members their own, of admins all.
    connections: Vec<IntegrationConnection>,
}

/// Who connected which account, and how it does.
#[derive(Serialize, ToSchema)]
pub(super) struct IntegrationConnection {
    /// Our own number of it.
    id: i64,
    provider: &'static str,
    user_id: Option<String>,
    user_email: Option<String>,
    account_email: Option<String>,
    /// `active`, `needs_reauthorization` or `disconnected`.
    status: &'static str,
    reason: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    connected_at: OffsetDateTime,
    /// When a sync was last completed.
    #[serde(with = "time::serde::rfc3339::option")]
    last_sync: Option<OffsetDateTime>,
    /// Why the last sync that ended failed, if it did.
    last_error: Option<String>,
    needs_reauthorization: bool,
    /// Why somebody should look at it: `needs_reauthorization` or `last_sync_failed`.
    attention: Option<&'static str>,
}

/// So many connections of a company are looked at, the newest.
pub(super) const MOST_CONNECTIONS: u16 = 1_000;

/// The providers, who of the company connected what, how that does and what came of it. Accounts of others are shown to
/// admins.
#[utoipa::path(
    get, path = "/api/v1/integrations", operation_id = "integrations", tag = "dashboard",
    responses((status = 200, body = Integrations))
)]
pub(super) async fn list(
    Caller(caller): Caller,
    insights: Data<InsightServices>,
) -> Result<Json<Integrations>, Problem> {
    let connections = insights.overview.list_connections(caller.company_id, MOST_CONNECTIONS).await?;
    let shares = insights.overview.count_documents(caller.company_id).await?;
    let integration = |provider: Provider| {
        let of_provider: Vec<_> = connections.iter().filter(|one| one.provider == provider).collect();
        let is_configured = insights.providers.contains(&provider);
        Integration {
            provider: provider.name(),
            configured: is_configured,
            health: Health::of(is_configured, of_provider.iter().copied()).name(),
            connected: of_provider.iter().filter(|one| one.is_live()).count(),
            needs_attention: of_provider.iter().filter(|one| one.attention().is_some()).count(),
            last_sync: of_provider.iter().filter_map(|one| one.last_sync_at).max(),
            documents: documents_of(&shares, provider),
            connections: of_provider
                .into_iter()
                .filter(|one| may_see(&caller, one))
                .map(IntegrationConnection::of)
                .collect(),
        }
    };
    Ok(Json(Integrations { integrations: Provider::ALL.into_iter().map(integration).collect() }))
}

/// Admins see all connections of the company, everybody else his own.
pub(super) fn may_see(caller: &UserContext, connection: &ConnectionStanding) -> bool {
    caller.role >= Role::Admin || connection.user_id == Some(caller.user_id)
}

fn documents_of(shares: &[DocumentShare], provider: Provider) -> u64 {
    shares.iter().filter(|share| share.source == provider.name()).map(|share| share.documents).sum()
}

impl IntegrationConnection {
    pub(super) fn of(connection: &ConnectionStanding) -> Self {
        let attention = connection.attention();
        Self {
            id: connection.id.get(),
            provider: connection.provider.name(),
            user_id: connection.user_id.map(|user_id| user_id.to_string()),
            user_email: connection.user_email.clone(),
            account_email: connection.account_email.clone(),
            status: connection.state.name(),
            reason: connection.reason.clone(),
            connected_at: connection.connected_at,
            last_sync: connection.last_sync_at,
            last_error: connection.last_failure.clone(),
            needs_reauthorization: attention == Some(Attention::NeedsReauthorization),
            attention: attention.map(Attention::name),
        }
    }
}
