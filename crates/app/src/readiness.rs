//! What readiness asks of adapters.

use std::error::Error as StdError;

use async_trait::async_trait;
use cortex_http::health::ReadinessCheck;
use cortex_postgres::Pool;

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
