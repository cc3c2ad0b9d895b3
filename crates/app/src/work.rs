//! `cortex work`: a worker without an API. Any number of them may run beside any number of `cortex serve`.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::config::WorkConfig;
use crate::ports::Ports;
use crate::services;

/// Works the queue and the inbox off until `stop` is cancelled; then ends after the pages that are being read.
pub async fn run(config: &WorkConfig, stop: CancellationToken) -> anyhow::Result<()> {
    let ports = Ports::production(&config.runtime)?;
    let background = services::compose_background(&config.runtime, &ports, Arc::new(Notify::new()), stop.child_token());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "working");
    let audit = services::compose_audit_upkeep(&config.runtime, &ports);
    tokio::join!(background.run(stop.clone()), audit.run(stop));
    tracing::info!("stopped");
    Ok(())
}
