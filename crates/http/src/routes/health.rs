//! `/health`: for load balancers, orchestrators and people.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::health::{ComponentHealth, Health};
use crate::problem::{Problem, ProblemKind};

/// Answer of `/health/live`.
#[derive(Serialize, ToSchema)]
pub(super) struct Live {
    status: &'static str,
}

/// Answer of `/health/ready`; when something is missing it is a problem with the same `components`.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    status: &'static str,
    components: Components,
}

/// Answer of `/health`.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthSummary)]
pub(super) struct Summary {
    status: &'static str,
    version: &'static str,
    components: Components,
}

type Components = BTreeMap<&'static str, Component>;

#[derive(Serialize, ToSchema)]
struct Component {
    status: &'static str,
    latency_ms: u64,
}

/// Whether the process answers; asks nothing else.
#[utoipa::path(get, path = "/health/live", tag = "operations", responses((status = 200, body = Live)))]
pub(super) async fn live() -> Json<Live> {
    Json(Live { status: "alive" })
}

/// Whether requests can be sent here.
#[utoipa::path(get, path = "/health/ready", tag = "operations", responses((status = 200, body = Ready)))]
pub(super) async fn ready(health: Data<Health>) -> Result<Json<Ready>, Problem> {
    Ok(Json(Ready { status: "ready", components: components(&health).await? }))
}

/// The same for people, with the version that runs.
#[utoipa::path(get, path = "/health", tag = "operations", responses((status = 200, body = Summary)))]
pub(super) async fn summary(health: Data<Health>) -> Result<Json<Summary>, Problem> {
    let components = components(&health).await?;
    Ok(Json(Summary { status: "healthy", version: env!("CARGO_PKG_VERSION"), components }))
}

async fn components(health: &Health) -> Result<Components, Problem> {
    let asked = health.ask().await;
    let missing: Vec<_> = asked.iter().filter(|component| !component.up).map(|component| component.component).collect();
    let components: Components = asked.iter().map(|asked| (asked.component, asked.into())).collect();
    if missing.is_empty() {
        return Ok(components);
    }
    let described = serde_json::to_value(&components).expect("texts and numbers can be written");
    Err(Problem::new(ProblemKind::NotReady)
        .detail(format!("Not available at the moment: {}.", missing.join(", ")))
        .member("components", described))
}

impl From<&ComponentHealth> for Component {
    fn from(health: &ComponentHealth) -> Self {
        Self {
            status: if health.up { "up" } else { "down" },
            latency_ms: health.latency.as_millis().try_into().unwrap_or(u64::MAX),
        }
    }
}
