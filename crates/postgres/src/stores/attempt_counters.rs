//! [`AttemptCounters`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_identity::ports::{AttemptCounters, Attempts};
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::attempt_counters;

/// Counters in a company's database.
pub struct PgAttemptCounters {
    company: Pool,
}

impl PgAttemptCounters {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl AttemptCounters for PgAttemptCounters {
    #[instrument(name = "pg.attempt_counters.count", skip_all)]
    async fn count(&self, company_id: CompanyId, key: &str, window: Duration) -> Result<Attempts, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                attempt_counters::count(connection, company_id, key, window).await
            })
            .await
    }

    #[instrument(name = "pg.attempt_counters.give_back", skip_all)]
    async fn give_back(&self, company_id: CompanyId, key: &str) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                attempt_counters::give_back(connection, company_id, key).await
            })
            .await
    }
}
