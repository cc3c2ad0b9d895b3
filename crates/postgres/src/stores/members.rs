//! [`Members`] and [`ActiveMembers`] on Master.

use async_trait::async_trait;
use cortex_connections::ports::Members;
use cortex_kernel::{CompanyId, Email, StoreError, UserId};
use cortex_sync_jobs::ports::ActiveMembers;
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::company_users;

/// Who may own connections and have them read, as Master knows it.
pub struct PgMembers {
    master: Pool,
}

impl PgMembers {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl Members for PgMembers {
    #[instrument(name = "pg.members.find_active", skip_all)]
    async fn find_active(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Email>, StoreError> {
        let row = self
            .master
            .run(async |connection: &mut AsyncPgConnection| company_users::find(connection, company_id, user_id).await)
            .await?;
        let membership = row.as_ref().and_then(company_users::membership);
        Ok(membership.filter(|membership| membership.is_active).map(|membership| membership.email))
    }
}

#[async_trait]
impl ActiveMembers for PgMembers {
    #[instrument(name = "pg.members.list_active_among", skip_all)]
    async fn list_active_among(&self, company_id: CompanyId, people: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        self.master
            .run(async |connection: &mut AsyncPgConnection| {
                company_users::list_active_among(connection, company_id, people).await
            })
            .await
    }
}
