//! What there is to be measured of a process: a registry that is handed through the composition, as everything is.
//!
//! Requests are told by the edge of the API, pools by themselves, and everything else by decorators over ports
//! (`remote`, `work`), so that no domain and no adapter knows of metrics. Docs list all of it; a test compares.
//!
//! # Adding a metric
//!
//! Make it in the file of its concern with a name that says its unit, and labels whose values are names in the code, never
//! what somebody sent: nothing of a person, and not more of them than one can count. Then bring `docs/observability.md` up
//! to date with the command that the failing test names.

mod databases;
mod process;
mod remote;
mod requests;
mod series;
mod standing;
mod work;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use cortex_http::health::Health;
use cortex_http::watch::{Answered, MetricsSource};
use cortex_kernel::{Clock, Lookups};
use cortex_postgres::Pool;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex as AsyncMutex;

use databases::Pools;
use process::ProcessFigures;
use remote::Remote;
use requests::Requests;
use series::{Book, Counters};
use standing::Standing;
use work::Work;

pub use series::Described;
pub(crate) use standing::CompanyBacklog;
pub use standing::LookAtBacklog;

/// What is measured of one process.
pub struct Metrics {
    registry: Registry,
    described: Vec<Described>,
    requests: Requests,
    process: ProcessFigures,
    pools: Pools,
    remote: Remote,
    work: Work,
    lookups: Counters<2>,
    standing: Standing,
    watched: Mutex<Watched>,
    /// When the deployment was last looked at. Whoever holds it scrapes.
    looked: AsyncMutex<Option<Instant>>,
}

/// What is looked at with each scrape.
#[derive(Default)]
struct Watched {
    pools: Vec<(&'static str, Pool)>,
    memories: Vec<(&'static str, Arc<Lookups>)>,
}

/// A port of which somebody takes count.
pub(crate) struct Metered<P: ?Sized> {
    inner: Arc<P>,
    metrics: Arc<Metrics>,
}

impl Metrics {
    /// Nothing was measured yet. `clock` says when the process began.
    #[must_use]
    pub fn new(clock: &Arc<dyn Clock>) -> Self {
        let mut book = Book::default();
        let requests = Requests::new(&mut book);
        let pools = Pools::new(&mut book);
        let work = Work::new(&mut book);
        let standing = Standing::new(&mut book, Arc::clone(clock));
        let remote = Remote::new(&mut book);
        let lookups = book
            .counters(
                "cortex_cache_lookups_total",
                ["cache", "outcome"],
                "Looks for what is remembered, hit or miss: verified tokens, and memberships",
            )
            .beginning_with([["tokens", "hit"], ["tokens", "miss"], ["memberships", "hit"], ["memberships", "miss"]]);
        let process = ProcessFigures::new(&mut book, clock.now());
        Self {
            requests,
            process,
            pools,
            remote,
            work,
            lookups,
            standing,
            watched: Mutex::default(),
            looked: AsyncMutex::new(None),
            registry: book.registry,
            described: book.described,
        }
    }

    /// Every metric, for the documentation.
    #[must_use]
    pub fn described(&self) -> &[Described] {
        &self.described
    }

    /// The same port, of which this takes count.
    pub(crate) fn of<P: ?Sized>(self: &Arc<Self>, inner: Arc<P>) -> Arc<Metered<P>> {
        Arc::new(Metered { inner, metrics: Arc::clone(self) })
    }

    /// The same pool, of which this takes count. It is `company`'s or `master`'s.
    pub(crate) fn of_pool(&self, database: &'static str, pool: Pool) -> Pool {
        let pool = pool.watched_by(self.pools.watch(database));
        self.watch(|watched| watched.pools.push((database, pool.clone())));
        pool
    }

    /// Looks at what a memory counts itself.
    pub(crate) fn of_memory(&self, name: &'static str, lookups: Arc<Lookups>) {
        self.watch(|watched| watched.memories.push((name, lookups)));
    }

    /// Looks at what waits.
    pub(crate) fn of_backlog(&self, backlog: Arc<dyn LookAtBacklog>) {
        self.standing.look_at(backlog);
    }

    /// Tells how the components of readiness are.
    pub(crate) fn of_health(&self, health: Arc<Health>) {
        self.standing.ask(health);
    }

    /// A request came.
    pub(crate) fn request_came(&self) {
        self.requests.came();
    }

    /// It was answered.
    pub(crate) fn request_answered(&self, answered: &Answered<'_>) {
        self.requests.answered(answered);
    }

    /// Its client went away.
    pub(crate) fn request_given_up(&self) {
        self.requests.given_up();
    }

    fn watch(&self, with: impl FnOnce(&mut Watched)) {
        with(&mut self.watched.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn look_at_ourselves(&self) {
        self.requests.look();
        self.process.look();
        self.watch(|watched| {
            for (database, pool) in &watched.pools {
                self.pools.look(database, pool);
            }
            for (name, lookups) in &watched.memories {
                self.lookups.raise_to([name, "hit"], lookups.hits());
                self.lookups.raise_to([name, "miss"], lookups.misses());
            }
        });
    }
}

#[async_trait]
impl MetricsSource for Metrics {
    async fn render(&self) -> String {
        let mut looked = self.looked.lock().await;
        self.standing.look(&mut looked).await;
        self.look_at_ourselves();
        let mut text = String::new();
        if prometheus_text::encode(&mut text, &self.registry).is_err() {
            tracing::error!("metrics cannot be written down");
        }
        text
    }
}
