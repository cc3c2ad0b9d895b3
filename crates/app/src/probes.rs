//! What a worker process tells load balancers, orchestrators and people, where it is told an address for that.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::HttpServer;
use anyhow::Context;
use cortex_http::Probes;
use tokio_util::sync::CancellationToken;

/// A server of the addresses below `/health`.
pub(crate) struct ProbeServer(actix_web::dev::Server);

/// Probes come one by one; there is a thread for them, and none for crowds.
const THREADS: usize = 1;
const MAX_CONNECTIONS: usize = 64;
/// An answer takes no longer than its slowest component.
const DRAIN: Duration = Duration::from_secs(2);
const HEAD_PATIENCE: Duration = Duration::from_secs(5);

impl ProbeServer {
    /// Begins to listen.
    pub(crate) fn bind(listen: SocketAddr, probes: Probes, stop: &CancellationToken) -> anyhow::Result<Self> {
        let server = HttpServer::new(move || cortex_http::probe_app(probes.clone()))
            .workers(THREADS)
            .shutdown_signal(stop.clone().cancelled_owned())
            .shutdown_timeout(DRAIN.as_secs())
            .client_request_timeout(HEAD_PATIENCE)
            .max_connections(MAX_CONNECTIONS)
            .bind(listen)
            .with_context(|| {
                format!("cannot listen on {listen}: choose another WORK_HEALTH_ADDR, or stop what listens there")
            })?;
        let address = server.addrs().first().copied().unwrap_or(listen);
        tracing::info!(%address, "listening");
        Ok(Self(server.run()))
    }

    /// Answers until it is stopped.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        self.0.await.context("the server of the worker's health failed")
    }
}
