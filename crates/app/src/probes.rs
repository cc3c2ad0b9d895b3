//! What a process tells load balancers, orchestrators and Prometheus on listeners of their own, where it is told addresses
//! for that: a worker's health, and metrics.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::HttpServer;
use anyhow::Context;
use cortex_http::Probes;
use tokio_util::sync::CancellationToken;

/// A server of what operators' programs ask for.
pub(crate) struct ProbeServer(actix_web::dev::Server);

/// Probes come one by one; there is a thread for them, and none for crowds.
const THREADS: usize = 1;
const MAX_CONNECTIONS: usize = 64;
/// An answer takes no longer than its slowest component.
const DRAIN: Duration = Duration::from_secs(2);
const HEAD_PATIENCE: Duration = Duration::from_secs(5);

impl ProbeServer {
    /// Begins to listen at the address that this variable says, until `stop` is cancelled.
    pub(crate) fn bind(
        variable: &'static str,
        listen: SocketAddr,
        probes: Probes,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let for_scrapes = probes.health.is_none();
        let server = HttpServer::new(move || cortex_http::probe_app(probes.clone()))
            .workers(THREADS)
            .shutdown_signal(stop.clone().cancelled_owned())
            .shutdown_timeout(DRAIN.as_secs())
            .client_request_timeout(HEAD_PATIENCE)
            .max_connections(MAX_CONNECTIONS)
            .bind(listen)
            .with_context(|| {
                format!("cannot listen on {listen}: choose another {variable}, or stop what listens there")
            })?;
        let address = server.addrs().first().copied().unwrap_or(listen);
        if for_scrapes {
            tracing::info!(%address, "listening for scrapes");
        } else {
            tracing::info!(%address, "listening");
        }
        Ok(Self(server.run()))
    }

    /// Answers until it is stopped.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        self.0.await.context("the server of health and metrics failed")
    }
}

/// Answers where there is a server.
pub(crate) async fn run(server: Option<ProbeServer>) -> anyhow::Result<()> {
    match server {
        Some(server) => server.run().await,
        None => Ok(()),
    }
}
