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
        let most = page.rows();
        let rows = self
            .master
            .run(async |connection: &mut AsyncPgConnection| {
                company_users::list_active(connection, company_id, after, most).await
            })
            .await?;
        let Page { items, next_cursor } = Page::of(rows, page, |last| last.user_id().to_string());
        let members = items.iter().filter_map(company_users::membership);
        let items = members.map(|membership| (membership.user_id, membership.email)).collect();
        Ok(Page { items, next_cursor })
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
