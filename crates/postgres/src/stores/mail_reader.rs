//! [`MailReader`] on a company's database.

use async_trait::async_trait;
use cortex_ingestion::model::{DocumentText, MailCursor, MailQuery, MailView, WholeDocument};
use cortex_ingestion::ports::{ListError, MailReader};
use cortex_kernel::{CompanyId, DocumentId, Page, PageRequest, StoreError};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::document_views::TextRow;
use crate::tables::mails::{self, MailRow};

/// The mails in a company's database.
pub struct PgMailReader {
    company: Pool,
}

impl PgMailReader {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl MailReader for PgMailReader {
    #[instrument(name = "pg.mail_reader.list_mails", skip_all)]
    async fn list_mails(&self, company_id: CompanyId, query: &MailQuery) -> Result<Page<MailView>, ListError> {
        let MailQuery { filter, page } = query;
        let (before, limit) = bounds(page)?;
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                mails::list(connection, company_id, filter, before, limit).await
            })
            .await?;
        Ok(page_of(rows, page))
    }

    #[instrument(name = "pg.mail_reader.list_thread", skip_all)]
    async fn list_thread(
        &self,
        company_id: CompanyId,
        thread_id: &str,
        page: &PageRequest,
    ) -> Result<Page<MailView>, ListError> {
        let (after, limit) = bounds(page)?;
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                mails::list_thread(connection, company_id, thread_id, after, limit).await
            })
            .await?;
        Ok(page_of(rows, page))
    }

    #[instrument(name = "pg.mail_reader.list_threads", skip_all)]
    async fn list_threads(
        &self,
        company_id: CompanyId,
        thread_ids: &[String],
        most: u16,
    ) -> Result<Vec<MailView>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                mails::list_threads(connection, company_id, thread_ids, most.into()).await
            })
            .await?;
        Ok(rows.into_iter().map(MailView::from).collect())
    }

    #[instrument(name = "pg.mail_reader.find_mail", skip_all)]
    async fn find_mail(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<WholeDocument>, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                let found = mails::find(connection, company_id, id).await?;
                whole(connection, company_id, found).await
            })
            .await
    }

    #[instrument(name = "pg.mail_reader.find_whole", skip_all)]
    async fn find_whole(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<WholeDocument>, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                let found = mails::find_parent_or_self(connection, company_id, id).await?;
                whole(connection, company_id, found).await
            })
            .await
    }
}

async fn whole(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    found: Option<TextRow>,
) -> QueryResult<Option<WholeDocument>> {
    let Some(found) = found else { return Ok(None) };
    let document = DocumentText::from(found);
    let attachments = mails::list_attachments(connection, company_id, document.document.id).await?;
    let attachments = attachments.into_iter().map(DocumentText::from).collect();
    Ok(Some(WholeDocument { document, attachments }))
}

/// From where, and how many: one more than asked for, to know whether there is a next page.
fn bounds(page: &PageRequest) -> Result<(Option<MailCursor>, i32), ListError> {
    let from = page.cursor().map(str::parse).transpose()?;
    Ok((from, i32::from(page.limit()) + 1))
}

fn page_of(rows: Vec<MailRow>, page: &PageRequest) -> Page<MailView> {
    let views = rows.into_iter().map(MailView::from).collect();
    Page::of(views, page, |last: &MailView| MailCursor::of(&last.document).to_string())
}
