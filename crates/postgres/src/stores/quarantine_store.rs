//! [`QuarantineStore`] on a company's database.

use async_trait::async_trait;
use cortex_connections::model::QuarantinedConnection;
use cortex_connections::ports::QuarantineStore;
use cortex_kernel::StoreError;
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::quarantined_connections;

/// Connections that fit nobody, in a company's database.
pub struct PgQuarantineStore {
    company: Pool,
}

impl PgQuarantineStore {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl QuarantineStore for PgQuarantineStore {
    #[instrument(name = "pg.quarantine_store.quarantine", skip_all)]
    async fn quarantine(&self, kept: &QuarantinedConnection) -> Result<(), StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| quarantined_connections::insert(connection, kept).await)
            .await
    }
}
