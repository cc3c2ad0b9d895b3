//! [`UsageReader`] on a company's database.

use async_trait::async_trait;
use cortex_ingestion::model::{CompanyUsage, InvalidCursor, MemberUsage, Usage};
use cortex_ingestion::ports::{ListError, UsageReader};
use cortex_kernel::{CompanyId, Page, PageRequest, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::usage_days;

/// How much people bring in, in a company's database.
pub struct PgUsageReader {
    company: Pool,
}

impl PgUsageReader {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl UsageReader for PgUsageReader {
    #[instrument(name = "pg.usage_reader.of_user", skip_all)]
    async fn of_user(&self, company_id: CompanyId, user_id: UserId) -> Result<Usage, StoreError> {
        let row = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                usage_days::sum(connection, company_id, Some(user_id)).await
            })
            .await?;
        Ok(row.into())
    }

    #[instrument(name = "pg.usage_reader.of_company", skip_all)]
    async fn of_company(&self, company_id: CompanyId, page: &PageRequest) -> Result<CompanyUsage, ListError> {
        let after = page.cursor().map(|cursor| cursor.parse::<UserId>().map_err(|_| InvalidCursor)).transpose()?;
        let rows = page.rows();
        let (of_all, rows) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let of_all = usage_days::sum(connection, company_id, None).await?;
                Ok((of_all, usage_days::list(connection, company_id, after, rows).await?))
            })
            .await?;
        let members = rows.into_iter().map(MemberUsage::try_from).collect::<Result<Vec<_>, _>>();
        let members = members.map_err(StoreError::from)?;
        let members = Page::of(members, page, |last| last.user_id.to_string());
        Ok(CompanyUsage { of_all: of_all.into(), members })
    }
}
