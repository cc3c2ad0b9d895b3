//! [`MemberDirectory`] on Master.

use async_trait::async_trait;
use cortex_connections::ports::{DirectoryError, MemberDirectory};
use cortex_kernel::{CompanyId, Email, Page, PageRequest, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::company_users;

/// The members of a company, as Master knows them, for those who look after it.
pub struct PgMemberDirectory {
    master: Pool,
}

impl PgMemberDirectory {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl MemberDirectory for PgMemberDirectory {
    #[instrument(name = "pg.member_directory.list_active", skip_all)]
    async fn list_active(
        &self,
        company_id: CompanyId,
        page: &PageRequest,
    ) -> Result<Page<(UserId, Email)>, DirectoryError> {
        let after = page.cursor().map(str::parse::<UserId>).transpose().map_err(|_| DirectoryError::Cursor)?;
        let limit = usize::from(page.limit());
        // One more than asked for, to know whether there is a next page.
        let most = i64::from(page.limit()) + 1;
        let rows = self
            .master
            .run(async |connection: &mut AsyncPgConnection| {
                company_users::list_active(connection, company_id, after, most).await
            })
            .await?;
        let is_last = rows.len() <= limit;
        let next_cursor = rows.get(limit - 1).filter(|_| !is_last).map(company_users::Row::user_id);
        let members = rows.iter().take(limit).filter_map(company_users::membership);
        let items = members.map(|membership| (membership.user_id, membership.email)).collect();
        Ok(Page { items, next_cursor: next_cursor.map(|user_id| user_id.to_string()) })
    }

    #[instrument(name = "pg.member_directory.count_active", skip_all)]
    async fn count_active(&self, company_id: CompanyId) -> Result<u64, StoreError> {
        let count = self
            .master
            .run(async |connection: &mut AsyncPgConnection| company_users::count_active(connection, company_id).await)
            .await?;
        Ok(count.unsigned_abs())
    }
}
