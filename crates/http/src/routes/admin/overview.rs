//! `/admin/health/full` and `/admin/metrics/overview`: how the deployment is, and what it has.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::AdminServices;
use crate::admin_gate::Admin;
use crate::problem::Problem;

/// How the deployment is.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct FullHealth {
    /// `healthy`, or `degraded` where a component is down.
    status: &'static str,
    components: BTreeMap<&'static str, AdminComponent>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    timestamp: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
struct AdminComponent {
    /// `up`, `down`, or `elsewhere` for a worker that is another process.
    status: &'static str,
    latency_ms: Option<u64>,
}

/// What the company has.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct AdminOverview {
    documents: DocumentTotals,
    sync_jobs: StatusTotals,
    connections: StatusTotals,
    users: MemberTotals,
    /// For an old client that reads it.
    qdrant: Vectors,
    /// For an old client that reads it.
    neo4j: Graph,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    timestamp: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
struct DocumentTotals {
    total: u64,
    by_source: BTreeMap<String, u64>,
}

#[derive(Serialize, ToSchema)]
struct StatusTotals {
    total: u64,
    by_status: BTreeMap<&'static str, u64>,
}

#[derive(Serialize, ToSchema)]
struct MemberTotals {
    total: u64,
}

#[derive(Serialize, ToSchema)]
struct Vectors {
    vectors: u64,
}

#[derive(Serialize, ToSchema)]
struct Graph {
    nodes: u64,
    relationships: u64,
}

/// Every component that the deployment needs, asked now. Where one is down the answer says so, and is an answer.
#[utoipa::path(get, path = "/admin/health/full", tag = "admin", responses((status = 200, body = FullHealth)))]
pub(in crate::routes) async fn health(_: Admin, admin: Data<AdminServices>) -> Json<FullHealth> {
    let asked = admin.health.ask().await;
    let mut components: BTreeMap<_, _> = asked
        .iter()
        .map(|asked| {
            let latency_ms = Some(asked.latency.as_millis().try_into().unwrap_or(u64::MAX));
            let status = if asked.up { "up" } else { "down" };
            (name_of(asked.component), AdminComponent { status, latency_ms })
        })
        .collect();
    // Without a worker of its own the process cannot tell how others are.
    components.entry("worker").or_insert(AdminComponent { status: "elsewhere", latency_ms: None });
    let status = if asked.iter().all(|asked| asked.up) { "healthy" } else { "degraded" };
    Json(FullHealth { status, components, timestamp: admin.clock.now() })
}

/// How many documents, jobs, connections and members there are.
#[utoipa::path(get, path = "/admin/metrics/overview", tag = "admin", responses((status = 200, body = AdminOverview)))]
pub(in crate::routes) async fn metrics(
    Admin { session, .. }: Admin,
    admin: Data<AdminServices>,
) -> Result<Json<AdminOverview>, Problem> {
    let company_id = session.company_id;
    let documents = admin.documents.count_by_source(company_id).await?;
    let jobs = admin.jobs.count_by_status(company_id).await?;
    let connections = admin.connections.count_by_status(company_id).await?;
    let members = admin.members.count_active(company_id).await?;
    Ok(Json(AdminOverview {
        documents: DocumentTotals {
            total: documents.iter().map(|(_, count)| count).sum(),
            by_source: documents.iter().map(|(source, count)| (source.as_str().to_owned(), *count)).collect(),
        },
        sync_jobs: StatusTotals::of(jobs.into_iter().map(|(status, count)| (status.name(), count))),
        connections: StatusTotals::of(connections.into_iter().map(|(status, count)| (status.name(), count))),
        users: MemberTotals { total: members },
        qdrant: Vectors { vectors: 0 },
        neo4j: Graph { nodes: 0, relationships: 0 },
        timestamp: admin.clock.now(),
    }))
}

/// Clients of the panel know the keys by another name than probes do.
fn name_of(component: &'static str) -> &'static str {
    if component == "keys" { "jwks" } else { component }
}

impl StatusTotals {
    fn of(counts: impl IntoIterator<Item = (&'static str, u64)>) -> Self {
        let by_status: BTreeMap<_, _> = counts.into_iter().collect();
        Self { total: by_status.values().sum(), by_status }
    }
}
