//! `cortex work`: a worker without an API. Any number of them may run beside any number of `cortex serve`.

use std::sync::Arc;

use cortex_http::Probes;
use cortex_http::health::Health;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::WorkConfig;
use crate::ports::Ports;
use crate::probes::ProbeServer;
use crate::readiness::WorkerTicks;
use crate::services;
use crate::start::{EverythingWasLookedAt, Start};

/// Works the queue and the inbox off until `stop` is cancelled; then ends after the pages that are being read. Begins as
/// soon as [`crate::start`] says so.
pub async fn run(config: &WorkConfig, stop: CancellationToken) -> anyhow::Result<()> {
    let mut ports = Ports::production(&config.runtime)?;
    let checks = std::mem::take(&mut ports.start_checks);
    let start = Start::new(checks, None, config.runtime.deployment.environment);
    let over = start.over();
    let background = services::compose_background(&config.runtime, &ports, Arc::new(Notify::new()), stop.child_token());
    let probes = config.health.map(|address| {
        let mut readiness = ports.readiness.clone();
        readiness.push(Arc::new(WorkerTicks(background.pulse())));
        readiness.push(Arc::new(EverythingWasLookedAt(start.opening())));
        let probes = Probes { health: Arc::new(Health::new(readiness)), ids: Arc::clone(&ports.ids) };
        ProbeServer::bind(address, probes, &stop)
    });
    let probes = probes.transpose()?;
    let audit = services::compose_audit_upkeep(&config.runtime, &ports);
    let departures = services::compose_departures(&config.runtime, &ports, Arc::new(Notify::new()));
    let starting = async {
        let ended = Box::pin(start.run(stop.clone())).await;
        if ended.is_err() {
            stop.cancel();
        }
        ended
    };
    let working = async {
        if stop.run_until_cancelled(over.cancelled()).await.is_some() {
            tracing::info!(version = env!("CARGO_PKG_VERSION"), "working");
            tokio::join!(
                Box::pin(background.run(stop.child_token())),
                Box::pin(audit.run(stop.clone())),
                Box::pin(departures.run(stop.clone()))
            );
        }
    };
    let probing = async {
        match probes {
            Some(server) => server.run().await,
            None => Ok(()),
        }
    };
    let (started, (), ended) = tokio::join!(starting, working, probing);
    tracing::info!("stopped");
    started.and(ended)
}
