//! [`AuditHeads`] on Master.

use async_trait::async_trait;
use cortex_identity::model::audit::SealHead;
use cortex_identity::ports::AuditHeads;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::audit_heads;

/// How far chains reached, in Master.
pub struct PgAuditHeads {
    master: Pool,
}

impl PgAuditHeads {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl AuditHeads for PgAuditHeads {
    #[instrument(name = "pg.audit_heads.keep_head", skip_all)]
    async fn keep_head(&self, company_id: CompanyId, head: SealHead) -> Result<(), StoreError> {
        self.master
            .run(async |connection: &mut AsyncPgConnection| audit_heads::keep(connection, company_id, head).await)
            .await
    }

    #[instrument(name = "pg.audit_heads.find_head", skip_all)]
    async fn find_head(&self, company_id: CompanyId) -> Result<Option<SealHead>, StoreError> {
        let head = self
            .master
            .run(async |connection: &mut AsyncPgConnection| audit_heads::find(connection, company_id).await)
            .await?;
        Ok(head.transpose()?)
    }
}
