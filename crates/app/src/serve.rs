//! `cortex serve`: the API as a running server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use anyhow::Context;
use cortex_http::{Services, Settings};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::audit_upkeep::AuditUpkeep;
use crate::background::Background;
use crate::config::ServeConfig;
use crate::ports::ApiPorts;
use crate::readiness::WorkerTicks;
use crate::signing_keys::SigningKeys;
use crate::{services, signing_keys};

/// A server that listens.
pub struct Server {
    address: SocketAddr,
    server: actix_web::dev::Server,
}

/// How long requests in flight may take to finish after the server was asked to stop. Orchestrators commonly kill after
/// thirty seconds, and by then we want to be gone by ourselves.
const DRAIN: Duration = Duration::from_secs(25);

/// A deployment's process: the server, the keys that it checks tokens with, and, if wanted, the worker.
pub struct Service {
    server: Server,
    keys: Arc<dyn SigningKeys>,
    background: Option<Background>,
    audit: AuditUpkeep,
    stop: CancellationToken,
}

/// Serves until `stop` is cancelled and what is in flight then has been answered; with `with_worker`, works the queue and
/// the inbox off meanwhile.
pub async fn run(config: &ServeConfig, with_worker: bool, stop: CancellationToken) -> anyhow::Result<()> {
    Service::bind(config, ApiPorts::production(config)?, with_worker, stop)?.run().await
}

impl Service {
    /// Composes everything over `ports` and begins to listen.
    pub fn bind(
        config: &ServeConfig,
        mut ports: ApiPorts,
        with_worker: bool,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let wake = Arc::new(Notify::new());
        let background = with_worker.then(|| {
            services::compose_background(&config.runtime, &ports.shared, Arc::clone(&wake), stop.child_token())
        });
        if let Some(background) = &background {
            ports.shared.readiness.push(Arc::new(WorkerTicks(background.pulse())));
        }
        let audit = services::compose_audit_upkeep(&config.runtime, &ports.shared);
        let keys = Arc::clone(&ports.signing_keys);
        let server = Server::bind(config, services::compose(config, ports, wake), stop.clone())?;
        Ok(Self { server, keys, background, audit, stop })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Runs until it is stopped.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { server, keys, background, audit, stop } = self;
        // A server that failed by itself ends the rest too.
        let serving = async {
            let ended = server.run().await;
            stop.cancel();
            ended
        };
        let working = async {
            if let Some(background) = background {
                background.run(stop.child_token()).await;
            }
        };
        let (ended, (), (), ()) =
            tokio::join!(serving, signing_keys::keep_fresh(keys, stop.clone()), working, audit.run(stop.clone()));
        ended
    }
}

impl Server {
    /// Begins to listen. From now on connections queue; they are served as soon as the server runs.
    pub fn bind(config: &ServeConfig, services: Services, stop: CancellationToken) -> anyhow::Result<Self> {
        let settings = Settings {
            strict_transport: config.runtime.deployment.environment.is_production(),
            trusted_proxies: config.http.trusted_proxies.as_slice().into(),
            backfill_days: config.runtime.sync.backfill_days,
        };
        let listen = config.http.listen;
        let server = HttpServer::new(move || cortex_http::app(services.clone(), settings.clone()))
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
