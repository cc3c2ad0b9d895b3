//! `cortex serve`: the API as a running server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use anyhow::Context;
use cortex_http::{Probes, Services, Settings};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::audit_upkeep::AuditUpkeep;
use crate::background::Background;
use crate::beside_requests::BesideRequests;
use crate::config::{MigrateConfig, ServeConfig};
use crate::departures::Departures;
use crate::ports::ApiPorts;
use crate::probes::{self, ProbeServer};
use crate::readiness::WorkerTicks;
use crate::services;
use crate::start::{EverythingWasLookedAt, Start};
use crate::watch::{Watch, metrics_page};

/// A server that listens.
pub struct Server {
    address: SocketAddr,
    server: actix_web::dev::Server,
}

/// How long requests in flight may take to finish after the server was asked to stop. Orchestrators commonly kill after
/// thirty seconds, and by then we want to be gone by ourselves.
const DRAIN: Duration = Duration::from_secs(25);

/// How long the head of a connection's first request may take to arrive. Bodies have a limit of their own.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection may be idle between two requests. Longer than the minute after which proxies commonly give theirs
/// up: the other way round, a proxy sends a request into a connection that is being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a client may take to take note that its connection is being closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// Most connections of one thread of the server; there is a thread for each processor. Those beyond wait in the system's
/// queue.
const MAX_CONNECTIONS: usize = 2_000;

/// A deployment's process: the server, what goes on beside its requests, and, if wanted, the worker. What it may
/// serve, and when, [`crate::start`] says.
pub struct Service {
    start: Start,
    server: Server,
    beside: BesideRequests,
    background: Option<Background>,
    scrapes: Option<ProbeServer>,
    audit: AuditUpkeep,
    departures: Departures,
    stop: CancellationToken,
}

/// Serves until `stop` is cancelled and what is in flight then has been answered; with `with_worker`, works the queue and
/// the inbox off meanwhile. With `migration`, the schemas are brought up before anything is served.
pub async fn run(
    config: &ServeConfig,
    migration: Option<MigrateConfig>,
    with_worker: bool,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    Service::bind(config, ApiPorts::production(config)?, migration, with_worker, stop)?.run().await
}

impl Service {
    /// Composes everything over `ports` and begins to listen.
    pub fn bind(
        config: &ServeConfig,
        mut ports: ApiPorts,
        migration: Option<MigrateConfig>,
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
        let metrics = Arc::clone(&ports.shared.metrics);
        let ids = Arc::clone(&ports.shared.ids);
        let watch = Watch::over(&config.runtime, &metrics);
        let environment = config.runtime.deployment.environment;
        let start = Start::new(std::mem::take(&mut ports.shared.start_checks), migration, environment);
        ports.shared.readiness.push(Arc::new(EverythingWasLookedAt(start.opening())));
        let audit = services::compose_audit_upkeep(&config.runtime, &ports.shared);
        let left = Arc::new(Notify::new());
        let departures = services::compose_departures(&config.runtime, &ports.shared, Arc::clone(&left));
        let (services, beside) = services::compose(config, ports, &wake, left, stop.clone());
        metrics.of_health(Arc::clone(&services.health));
        // They are told in one place.
        let page = metrics_page(&config.runtime, &metrics);
        let beside_the_api = config.runtime.metrics.listen.is_none().then(|| page.clone());
        let beside_the_api = beside_the_api.filter(|page| page.token.is_some());
        let scrapes = config.runtime.metrics.listen.map(|listen| {
            let probes = Probes { health: None, metrics: Some(page), ids, watch: Arc::clone(&watch) };
            ProbeServer::bind("METRICS_ADDR", listen, probes, &stop)
        });
        let services = Services { opening: start.opening(), watch, metrics: beside_the_api, ..services };
        let server = Server::bind(config, services, stop.clone())?;
        Ok(Self { start, server, beside, background, scrapes: scrapes.transpose()?, audit, departures, stop })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Runs until it is stopped, or something speaks against going on.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { start, server, beside, background, scrapes, audit, departures, stop } = self;
        // Whoever connects meanwhile waits in the system's queue.
        if let Some(refused) = stop.run_until_cancelled(start.look_first()).await {
            refused?;
        }
        let over = start.over();
        // What failed by itself ends the rest too.
        let starting = async {
            // In boxes: what awaits all of this is deep enough for the compiler as it is.
            let ended = Box::pin(start.run(stop.clone())).await;
            if ended.is_err() {
                stop.cancel();
            }
            ended
        };
        let serving = async {
            let ended = server.run().await;
            stop.cancel();
            ended
        };
        let working = async {
            if let Some(background) = background
                && stop.run_until_cancelled(over.cancelled()).await.is_some()
            {
                Box::pin(background.run(stop.child_token())).await;
            }
        };
        // Nothing is written before the schemas are known to be there.
        let keeping = async {
            if stop.run_until_cancelled(over.cancelled()).await.is_some() {
                tokio::join!(Box::pin(audit.run(stop.clone())), Box::pin(departures.run(stop.clone())));
            }
        };
        let scraping = async {
            let ended = probes::run(scrapes).await;
            if ended.is_err() {
                stop.cancel();
            }
            ended
        };
        let (started, ended, (), (), (), scraped) =
            tokio::join!(starting, serving, beside.run(stop.clone()), working, keeping, scraping);
        started.and(ended).and(scraped)
    }
}

impl Server {
    /// Begins to listen. From now on connections queue; they are served as soon as the server runs.
    pub fn bind(config: &ServeConfig, services: Services, stop: CancellationToken) -> anyhow::Result<Self> {
        let settings = Settings {
            strict_transport: config.runtime.deployment.environment.is_production(),
            trusted_proxies: config.http.trusted_proxies.as_slice().into(),
            cors_origins: config.http.cors_origins.as_slice().into(),
            backfill_days: config.runtime.sync.backfill_days,
            expose_docs: config.http.expose_docs,
        };
        let listen = config.http.listen;
        let server = HttpServer::new(move || cortex_http::app(services.clone(), settings.clone()))
            .shutdown_signal(stop.cancelled_owned())
            .shutdown_timeout(DRAIN.as_secs())
            .client_request_timeout(HEAD_PATIENCE)
            .client_disconnect_timeout(FAREWELL)
            // A client that hung up is noticed at once, also by an answer that goes on.
            .h1_allow_half_closed(false)
            .keep_alive(KEEP_ALIVE)
            .max_connections(MAX_CONNECTIONS)
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
