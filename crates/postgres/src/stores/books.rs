//! [`Books`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{BookEntry, BookTotals, EntryCursor, EntryQuery, Party, PartyTotal, Period, RecordCounts};
use cortex_insights::ports::{Books, ListError};
use cortex_kernel::{CompanyId, Page, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::book_records;

/// The books in a company's database.
pub struct PgBooks {
    company: Pool,
}

impl PgBooks {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Books for PgBooks {
    #[instrument(name = "pg.books.sum_up", skip_all)]
    async fn sum_up(&self, company_id: CompanyId, period: Period) -> Result<BookTotals, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| book_records::sum_up(connection, company_id, period).await)
            .await?;
        Ok(book_records::totals(rows)?)
    }

    #[instrument(name = "pg.books.count_records", skip_all)]
    async fn count_records(&self, company_id: CompanyId) -> Result<RecordCounts, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| book_records::count(connection, company_id).await)
            .await?;
        Ok(book_records::counts(rows))
    }

    #[instrument(name = "pg.books.list_parties", skip_all)]
    async fn list_parties(
        &self,
        company_id: CompanyId,
        party: Party,
        period: Period,
        most: u16,
    ) -> Result<Vec<PartyTotal>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                book_records::list_parties(connection, company_id, party, period, most).await
            })
            .await?;
        Ok(rows.into_iter().map(PartyTotal::try_from).collect::<Result<_, _>>()?)
    }

    #[instrument(name = "pg.books.list_entries", skip_all)]
    async fn list_entries(&self, company_id: CompanyId, query: &EntryQuery) -> Result<Page<BookEntry>, ListError> {
        let EntryQuery { kind, period, page } = query;
        let after: Option<EntryCursor> = page.cursor().map(str::parse).transpose()?;
        let most = page.rows();
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                book_records::list(connection, company_id, *kind, *period, after, most).await
            })
            .await?;
        let items = rows.into_iter().map(BookEntry::try_from).collect::<Result<Vec<_>, _>>();
        let items = items.map_err(StoreError::from)?;
        Ok(Page::of(items, page, |last| EntryCursor::of(last).to_string()))
    }
}
