//! [`MasterCopies`] on Master.

use async_trait::async_trait;
use cortex_identity::model::audit::{MasterAction, MasterPosition};
use cortex_identity::ports::MasterCopies;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::master_copies;

/// What Master is told about connections.
pub struct PgMasterCopies {
    master: Pool,
}

impl PgMasterCopies {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl MasterCopies for PgMasterCopies {
    #[instrument(name = "pg.master_copies.find_latest", skip_all)]
    async fn find_latest(&self, company_id: CompanyId) -> Result<Option<MasterPosition>, StoreError> {
        let row = self
            .master
            .run(async |connection: &mut AsyncPgConnection| master_copies::find_latest(connection, company_id).await)
            .await?;
        Ok(row.map(MasterPosition::from))
    }

    #[instrument(name = "pg.master_copies.copy", skip_all)]
    async fn copy(&self, company_id: CompanyId, actions: &[MasterAction]) -> Result<usize, StoreError> {
        if actions.is_empty() {
            return Ok(0);
        }
        self.master
            .run(async |connection: &mut AsyncPgConnection| master_copies::copy(connection, company_id, actions).await)
            .await
    }
}
