//! `cortex work`: a worker without an API. Any number of them may run beside any number of `cortex serve`.

use std::sync::Arc;

use cortex_http::Probes;
use cortex_http::health::Health;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::WorkConfig;
use crate::ports::Ports;
use crate::probes::{self, ProbeServer};
use crate::readiness::WorkerTicks;
use crate::services;
use crate::start::{EverythingWasLookedAt, Start};
use crate::watch::{Watch, metrics_page};

/// Works the queue and the inbox off until `stop` is cancelled; then ends after the pages that are being read. Begins as
/// soon as [`crate::start`] says so.
pub async fn run(config: &WorkConfig, stop: CancellationToken) -> anyhow::Result<()> {
    let mut ports = Ports::production(&config.runtime)?;
    let checks = std::mem::take(&mut ports.start_checks);
    let start = Start::new(checks, None, config.runtime.deployment.environment);
    let over = start.over();
    let background = services::compose_background(&config.runtime, &ports, Arc::new(Notify::new()), stop.child_token());
    let mut readiness = ports.readiness.clone();
    readiness.push(Arc::new(WorkerTicks(background.pulse())));
    readiness.push(Arc::new(EverythingWasLookedAt(start.opening())));
    let health = Arc::new(Health::new(readiness));
    ports.metrics.of_health(Arc::clone(&health));
    let scrapes = Probes {
        health: None,
        metrics: Some(metrics_page(&config.runtime, &ports.metrics)),
        ids: Arc::clone(&ports.ids),
        watch: Watch::over(&config.runtime, &ports.metrics),
    };
    let listeners = [
        ("WORK_HEALTH_ADDR", config.health, Probes { health: Some(health), ..scrapes.clone() }),
        ("METRICS_ADDR", config.runtime.metrics.listen, scrapes),
    ];
    let [probes, scrapes] = listeners.map(|(variable, address, probes)| {
        address.map(|address| ProbeServer::bind(variable, address, probes, &stop)).transpose()
    });
    let (probes, scrapes) = (probes?, scrapes?);
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
    let (started, (), of_probes, of_scrapes) =
        tokio::join!(starting, working, probes::run(probes), probes::run(scrapes));
    tracing::info!("stopped");
    started.and(of_probes).and(of_scrapes)
}
