//! `cortex serve`: the API as a running server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use anyhow::Context;
use cortex_http::{Services, Settings};
use tokio_util::sync::CancellationToken;

use crate::config::ServeConfig;
use crate::ports::Ports;
use crate::{services, signing_keys};

/// A server that listens.
pub struct Server {
    address: SocketAddr,
    server: actix_web::dev::Server,
}

/// How long requests in flight may take to finish after the server was asked to stop. Orchestrators commonly kill after
/// thirty seconds, and by then we want to be gone by ourselves.
const DRAIN: Duration = Duration::from_secs(25);

/// Serves until `stop` is cancelled and what is in flight then has been answered.
pub async fn run(config: &ServeConfig, stop: CancellationToken) -> anyhow::Result<()> {
    let ports = Ports::production(config)?;
    let keys = Arc::clone(&ports.signing_keys);
    let server = Server::bind(config, services::compose(ports), stop.clone())?;
    // A server that failed by itself ends the rest too.
    let serving = async {
        let ended = server.run().await;
        stop.cancel();
        ended
    };
    let (ended, ()) = tokio::join!(serving, signing_keys::keep_fresh(keys, stop.clone()));
    ended
}

impl Server {
    /// Begins to listen. From now on connections queue; they are served as soon as the server runs.
    pub fn bind(config: &ServeConfig, services: Services, stop: CancellationToken) -> anyhow::Result<Self> {
        let settings = Settings { strict_transport: config.runtime.deployment.environment.is_production() };
        let listen = config.http.listen;
        let server = HttpServer::new(move || cortex_http::app(services.clone(), settings))
            .shutdown_signal(stop.cancelled_owned())
            .shutdown_timeout(DRAIN.as_secs())
            .bind(listen)
            .with_context(|| {
                format!("cannot listen on {listen}: choose another PORT or HOST, or stop what listens there")
            })?;
        let address = server.addrs().first().copied().unwrap_or(listen);
        Ok(Self { address, server: server.run() })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is stopped.
    pub async fn run(self) -> anyhow::Result<()> {
        tracing::info!(address = %self.address, version = env!("CARGO_PKG_VERSION"), "listening");
        self.server.await.context("the HTTP server failed")?;
        tracing::info!("stopped");
        Ok(())
    }
}
