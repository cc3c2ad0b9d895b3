//! Whether this process can do its work.
//!
//! Alive is a process that answers at all; ready is one whose every [`ReadinessCheck`] passes. What is checked is the
//! composition root's choice.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::rt::time::timeout;
use async_trait::async_trait;
use futures_util::future::join_all;

/// One thing that the process cannot do without.
#[async_trait]
pub trait ReadinessCheck: Send + Sync {
    /// What it is called in answers; the same for the life of the check.
    fn component(&self) -> &'static str;

    /// Tries it. The error is for the log alone.
    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>>;
}

/// Asks all checks.
pub struct Health {
    components: Vec<Component>,
    patience: Duration,
}

/// How a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentHealth {
    /// What it is called.
    pub component: &'static str,
    /// Whether its check passed.
    pub up: bool,
    /// How long the check took.
    pub latency: Duration,
}

struct Component {
    check: Arc<dyn ReadinessCheck>,
    was_up: AtomicBool,
}

/// A probe wants an answer soon, and what takes longer is of no use either.
const PATIENCE: Duration = Duration::from_secs(2);

impl Health {
    /// Watches what is given.
    #[must_use]
    pub fn new(checks: Vec<Arc<dyn ReadinessCheck>>) -> Self {
        Self::with_patience(checks, PATIENCE)
    }

    pub(crate) fn with_patience(checks: Vec<Arc<dyn ReadinessCheck>>, patience: Duration) -> Self {
        let watch = |check| Component { check, was_up: AtomicBool::new(true) };
        Self { components: checks.into_iter().map(watch).collect(), patience }
    }

    /// How every component is now, in the order in which they were given. All are asked at the same time.
    pub async fn ask(&self) -> Vec<ComponentHealth> {
        join_all(self.components.iter().map(|component| component.ask(self.patience))).await
    }
}

impl Component {
    async fn ask(&self, patience: Duration) -> ComponentHealth {
        let component = self.check.component();
        let start = Instant::now();
        let outcome = match timeout(patience, self.check.check()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("no answer within {patience:?}").into()),
        };
        let up = outcome.is_ok();
        // Probes repeat; only a change is news.
        match (outcome, self.was_up.swap(up, Ordering::Relaxed)) {
            (Err(error), true) => {
                tracing::warn!(component, error = crate::edge::chain(error.as_ref()), "component is down");
            }
            (Ok(()), false) => tracing::info!(component, "component is up again"),
            (Err(_), false) | (Ok(()), true) => {}
        }
        ComponentHealth { component, up, latency: start.elapsed() }
    }
}
