//! [`Turns`] on a company's database.

use std::time::Duration;

use async_trait::async_trait;
use cortex_connections::ports::Turns;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::upkeep_turns;

/// Turns in a company's database.
pub struct PgTurns {
    company: Pool,
}

impl PgTurns {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Turns for PgTurns {
    #[instrument(name = "pg.turns.take_turn", skip_all, fields(turn = name))]
    async fn take_turn(&self, company_id: CompanyId, name: &'static str, every: Duration) -> Result<bool, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                upkeep_turns::take(connection, company_id, name, every).await
            })
            .await
    }
}
