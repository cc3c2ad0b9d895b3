//! [`MasterActions`] on Master.

use async_trait::async_trait;
use cortex_identity::model::audit::{MasterAction, MasterPosition};
use cortex_identity::ports::MasterActions;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use time::OffsetDateTime;
use tracing::instrument;

use crate::Pool;
use crate::tables::master_actions;

/// What was done in Master.
pub struct PgMasterActions {
    master: Pool,
}

impl PgMasterActions {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl MasterActions for PgMasterActions {
    #[instrument(name = "pg.master_actions.list_actions", skip_all)]
    async fn list_actions(
        &self,
        company_id: CompanyId,
        after: Option<MasterPosition>,
        limit: u16,
    ) -> Result<Vec<MasterAction>, StoreError> {
        let rows = self
            .master
            .run(async |connection: &mut AsyncPgConnection| {
                master_actions::list(connection, company_id, after, limit).await
            })
            .await?;
        Ok(rows.into_iter().map(MasterAction::from).collect())
    }

    #[instrument(name = "pg.master_actions.forget_details", skip_all)]
    async fn forget_details(
        &self,
        company_id: CompanyId,
        before: OffsetDateTime,
        most: u16,
    ) -> Result<u64, StoreError> {
        self.master
            .run(async |connection: &mut AsyncPgConnection| {
                master_actions::forget_details(connection, company_id, before, most).await
            })
            .await
    }
}
