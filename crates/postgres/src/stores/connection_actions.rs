//! [`ConnectionActions`] on a company's database.

use async_trait::async_trait;
use cortex_identity::model::audit::{MasterAction, MasterPosition};
use cortex_identity::ports::ConnectionActions;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::connection_actions;

/// What was done about connections, in a company's database.
pub struct PgConnectionActions {
    company: Pool,
}

impl PgConnectionActions {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl ConnectionActions for PgConnectionActions {
    #[instrument(name = "pg.connection_actions.list_actions", skip_all)]
    async fn list_actions(
        &self,
        company_id: CompanyId,
        after: Option<MasterPosition>,
        limit: u16,
    ) -> Result<Vec<MasterAction>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                connection_actions::list(connection, company_id, after, limit).await
            })
            .await?;
        Ok(rows.into_iter().map(MasterAction::from).collect())
    }
}
