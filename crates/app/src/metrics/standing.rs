//! How the whole deployment stands: what waits, who works, what the process can reach. It costs a question, so it is asked
//! anew only after some seconds, however often somebody scrapes.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cortex_http::health::Health;
use cortex_kernel::{Clock, CompanyId, StoreError};
use cortex_postgres::{Backlog, Figures, LiveJobs};
use cortex_sync_jobs::pulse::LONGEST_SILENCE;
use tokio::time::timeout;

use super::series::{Book, Gauges};

/// Looks at what waits.
#[async_trait]
pub trait LookAtBacklog: Send + Sync {
    /// How it stands now.
    async fn look(&self) -> Result<Figures, StoreError>;
}

/// A company's backlog.
pub(crate) struct CompanyBacklog {
    pub(crate) backlog: Backlog,
    pub(crate) company_id: CompanyId,
}

/// What is told of the deployment.
pub(super) struct Standing {
    jobs: Gauges<2>,
    oldest_job: Gauges<2>,
    webhooks: Gauges<1>,
    oldest_webhook: Gauges<0>,
    workers: Gauges<0>,
    clock_offset: Gauges<0>,
    known: Gauges<0>,
    components: Gauges<1>,
    clock: Arc<dyn Clock>,
    backlog: OnceLock<Arc<dyn LookAtBacklog>>,
    health: OnceLock<Arc<Health>>,
    fails: AtomicBool,
}

/// How old figures may be.
const FRESH: Duration = Duration::from_secs(5);

/// Whoever scrapes has other things to read as well.
const PATIENCE: Duration = Duration::from_secs(2);

impl Standing {
    pub(super) fn new(book: &mut Book, clock: Arc<dyn Clock>) -> Self {
        Self {
            jobs: book.gauges(
                "cortex_jobs",
                ["status", "kind"],
                "Jobs of the deployment that are queued or running; none is 0",
            ),
            oldest_job: book.gauges(
                "cortex_jobs_oldest_seconds",
                ["status", "kind"],
                "For how long the first queued job is due, or the first running one runs",
            ),
            webhooks: book.gauges(
                "cortex_webhook_inbox",
                ["state"],
                "Webhooks of the deployment that are waiting, or dead: given up and still kept",
            ),
            oldest_webhook: book.gauges(
                "cortex_webhook_inbox_oldest_seconds",
                [],
                "For how long the webhook that came first is waiting",
            ),
            workers: book.gauges(
                "cortex_workers",
                [],
                "Workers of the deployment, in whichever process, that gave a sign within 30 seconds",
            ),
            clock_offset: book.gauges(
                "cortex_clock_offset_seconds",
                [],
                "By how much the clock of the company's database is ahead of this process's",
            ),
            known: book.gauges(
                "cortex_standing_known",
                [],
                "1 where the figures of the deployment could be read, 0 where they are missing",
            ),
            components: book.gauges(
                "cortex_component_up",
                ["component"],
                "1 for each component of readiness that is up, 0 for one that is down",
            ),
            clock,
            backlog: OnceLock::new(),
            health: OnceLock::new(),
            fails: AtomicBool::new(false),
        }
    }

    pub(super) fn look_at(&self, backlog: Arc<dyn LookAtBacklog>) {
        // The first one counts: a process has one database.
        let _ = self.backlog.set(backlog);
    }

    pub(super) fn ask(&self, health: Arc<Health>) {
        let _ = self.health.set(health);
    }

    /// Asks anew where what is known is older than it may be.
    pub(super) async fn look(&self, looked: &mut Option<Instant>) {
        if looked.is_some_and(|looked| looked.elapsed() < FRESH) {
            return;
        }
        tokio::join!(self.look_at_backlog(), self.ask_health());
        *looked = Some(Instant::now());
    }

    async fn look_at_backlog(&self) {
        let Some(backlog) = self.backlog.get() else { return };
        let found = match timeout(PATIENCE, backlog.look()).await {
            Ok(found) => found,
            Err(_) => Err(StoreError::Unavailable(format!("no answer within {PATIENCE:?}").into())),
        };
        // What is not known is not told: an old figure would look like a new one.
        for gauges in [&self.jobs, &self.oldest_job] {
            gauges.clear();
        }
        self.webhooks.clear();
        for gauges in [&self.oldest_webhook, &self.workers, &self.clock_offset] {
            gauges.clear();
        }
        self.known.set([], if found.is_ok() { 1.0 } else { 0.0 });
        match found {
            Ok(figures) => {
                self.fails.store(false, Ordering::Relaxed);
                self.tell(&figures);
            }
            Err(error) if !self.fails.swap(true, Ordering::Relaxed) => {
                let error = &error as &dyn StdError;
                tracing::warn!(error, "metrics lack what waits: it cannot be read at the moment");
            }
            Err(_) => {}
        }
    }

    fn tell(&self, figures: &Figures) {
        let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let seconds = |age: Option<Duration>| age.unwrap_or_default().as_secs_f64();
        for status in cortex_sync_jobs::model::JobStatus::ALL.into_iter().filter(|status| !status.is_final()) {
            for kind in cortex_sync_jobs::model::JobKind::ALL {
                let of = |live: &&LiveJobs| live.status == status && live.kind == kind;
                let live = figures.jobs.iter().find(of);
                let labels = [status.name(), kind.name()];
                self.jobs.set(labels, number(live.map_or(0, |live| live.jobs)));
                self.oldest_job.set(labels, seconds(live.and_then(|live| live.oldest)));
            }
        }
        self.webhooks.set(["waiting"], number(figures.webhooks_waiting));
        self.webhooks.set(["dead"], number(figures.webhooks_dead));
        self.oldest_webhook.set([], seconds(figures.oldest_webhook));
        self.workers.set([], number(figures.workers));
        self.clock_offset.set([], (figures.now - self.clock.now()).as_seconds_f64());
    }

    async fn ask_health(&self) {
        let Some(health) = self.health.get() else { return };
        for component in health.ask().await {
            self.components.set([component.component], if component.up { 1.0 } else { 0.0 });
        }
    }
}

#[async_trait]
impl LookAtBacklog for CompanyBacklog {
    async fn look(&self) -> Result<Figures, StoreError> {
        self.backlog.look(self.company_id, LONGEST_SILENCE).await
    }
}
