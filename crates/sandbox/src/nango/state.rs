//! What the handlers share.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::config::NangoConfig;
use super::doors::Doors;
use super::journal::Journal;
use super::limit::RateLimiter;
use super::world::World;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::http_client;
use crate::provider::Provider;
use crate::tasks::Tasks;

/// The most time that a call to a provider may take.
const PROVIDER_TIMEOUT: Duration = Duration::from_mins(1);

pub(super) struct State {
    pub(super) config: NangoConfig,
    /// Address of the API, without a slash at the end.
    pub(super) base_url: String,
    /// Address of the providers, without a slash at the end.
    pub(super) provider_url: String,
    pub(super) doors: Doors,
    pub(super) clock: Clock,
    pub(super) provider: Provider,
    pub(super) provider_http: reqwest::Client,
    pub(super) webhook_http: reqwest::Client,
    pub(super) faults: Faults,
    pub(super) journal: Journal,
    pub(super) limiter: RateLimiter,
    pub(super) tasks: Tasks,
    /// True while sync runs have to wait before they finish.
    pub(super) hold_syncs: watch::Sender<bool>,
    /// One refresh at a time, so that two readers of an expired token do not refresh it twice.
    pub(super) refreshing: tokio::sync::Mutex<()>,
    world: Mutex<World>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl State {
    pub(super) fn new(
        config: NangoConfig,
        base_url: String,
        provider_url: String,
        doors: Doors,
        clock: Clock,
        provider: Provider,
        tasks: Tasks,
    ) -> Self {
        Self {
            limiter: RateLimiter::new(config.rate_limit_per_minute),
            webhook_http: http_client::build(config.webhook_timeout()),
            provider_http: http_client::build(PROVIDER_TIMEOUT),
            config,
            base_url,
            provider_url,
            doors,
            clock,
            provider,
            faults: Faults::default(),
            journal: Journal::default(),
            tasks,
            hold_syncs: watch::Sender::new(false),
            refreshing: tokio::sync::Mutex::default(),
            world: Mutex::default(),
        }
    }

    /// The world, locked: never held across an await.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
