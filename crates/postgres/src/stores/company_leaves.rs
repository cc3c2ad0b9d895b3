//! [`CompanyLeaves`] on Master's database.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use cortex_sync_jobs::ports::CompanyLeaves;
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::sync_permissions;

/// Leaves in Master's database.
pub struct PgCompanyLeaves {
    master: Pool,
}

impl PgCompanyLeaves {
    /// Works on the pool of Master's database.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl CompanyLeaves for PgCompanyLeaves {
    #[instrument(name = "pg.company_leaves.use_up", skip_all)]
    async fn use_up(&self, company_id: CompanyId) -> Result<bool, StoreError> {
        self.master
            .run(async |connection: &mut AsyncPgConnection| sync_permissions::turn(connection, company_id, true).await)
            .await
    }

    #[instrument(name = "pg.company_leaves.give_back", skip_all)]
    async fn give_back(&self, company_id: CompanyId) -> Result<(), StoreError> {
        self.master
            .run(async |connection: &mut AsyncPgConnection| sync_permissions::turn(connection, company_id, false).await)
            .await
            .map(drop)
    }
}
