//! What readiness asks of adapters.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_connections::model::BrokerReference;
use cortex_connections::ports::BrokeredConnections;
use cortex_http::health::ReadinessCheck;
use cortex_kernel::{BrokerConnectionId, Provider};
use cortex_postgres::Pool;
use cortex_sync_jobs::Pulse;

/// Whether a database answers.
pub(crate) struct DatabaseAnswers {
    component: &'static str,
    pool: Pool,
}

impl DatabaseAnswers {
    pub(crate) const fn new(component: &'static str, pool: Pool) -> Self {
        Self { component, pool }
    }
}

#[async_trait]
impl ReadinessCheck for DatabaseAnswers {
    fn component(&self) -> &'static str {
        self.component
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Ok(self.pool.ping().await?)
    }
}

/// Whether Nango answers, and takes our key. It is no readiness: without Nango the company can still search.
pub(crate) struct NangoAnswers {
    pub(crate) brokered: Arc<dyn BrokeredConnections>,
    /// One that is switched on.
    pub(crate) provider: Provider,
}

/// The id of no connection: asked for it, a Nango that takes our key says that there is none.
const NO_CONNECTION: &str = "cortex-health";

#[async_trait]
impl ReadinessCheck for NangoAnswers {
    fn component(&self) -> &'static str {
        "nango"
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let id = BrokerConnectionId::new(NO_CONNECTION);
        self.brokered.find(&BrokerReference { provider: self.provider, id }).await?;
        Ok(())
    }
}

/// Whether the worker of this process looks at its queue.
pub(crate) struct WorkerTicks(pub(crate) Pulse);

/// Far above any poll: a worker that was silent for so long is stuck.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

#[async_trait]
impl ReadinessCheck for WorkerTicks {
    fn component(&self) -> &'static str {
        "worker"
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        if self.0.beats(LONGEST_SILENCE) {
            Ok(())
        } else {
            Err("the worker has not looked at its queue for 30 seconds".into())
        }
    }
}
